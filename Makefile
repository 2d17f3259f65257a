# make check   the inner loop: format, lint, unit tests on SQLite
# make test    everything, as before a change lands (scripts/test)

GOLANGCI = github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0

.PHONY: check test proof bench generate golden build

build:
	go build -o out/vestibule .

check:
	go run $(GOLANGCI) fmt
	go run $(GOLANGCI) run
	go test -short ./internal/... ./license/...

test:
	scripts/test

# The timing of every pair that must not differ, as a stranger with a watch
# would measure it: 400 samples of each, three times. Leave the machine alone.
proof:
	VESTIBULE_TEST_PROOF=1 go test ./internal -run TestWhatCannotBeReadCannotBeMeasured -timeout 2h -v | grep -vE 'level='

bench:
	go run ./bench

generate:
	go generate ./...
	go tool templ generate -path .

# Rewrites the kept pages, messages and tables that tests compare with;
# read the diff before you commit it.
golden:
	go test ./internal/message $$(git grep -l 'pagetest\.' -- 'internal/*_test.go' | xargs -n1 dirname | sort -u | sed 's|^|./|') -update
