// Command gen writes a list of package domains: sorted hashes of the domains in
// JSON arrays.
//
//	go run ./gen free.bin free-email-domains/domains.json
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"

	"vestibule/internal/access/domains"
)

func main() {
	if err := run(os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func run(args []string) error {
	if len(args) < 2 {
		return fmt.Errorf("usage: gen OUT LIST.json…")
	}
	var hashes []string
	for _, path := range args[1:] {
		text, err := os.ReadFile(path) //nolint:gosec // whoever runs the tool says which
		if err != nil {
			return err
		}
		var list []string
		if err := json.Unmarshal(text, &list); err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		for _, domain := range list {
			hashes = append(hashes, domains.Hash(strings.ToLower(strings.TrimPrefix(domain, "*."))))
		}
	}
	slices.Sort(hashes)
	hashes = slices.Compact(hashes)
	return os.WriteFile(args[0], []byte(strings.Join(hashes, "")), 0o600) //nolint:gosec // whoever runs the tool says where
}
