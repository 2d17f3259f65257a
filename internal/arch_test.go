// Package internal_test holds what is true of the whole house and of no room
// alone: who may import whom, what may stand in a file, and the tests that
// need a whole portal.
package internal_test

import (
	"encoding/json"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// The floors of the house, lowest first. A package imports its own floor and
// those below it. What is said here is said in ARCHITECTURE.md in prose.
const (
	ground = iota
	mechanism
	capability
	entrance
	testing_
)

var floors = map[string]int{
	"db": ground, "fault": ground, "secret": ground, "text": ground,

	"flow": mechanism, "code": mechanism, "session": mechanism, "password": mechanism, "throttle": mechanism,
	"audit": mechanism, "outbox": mechanism, "message": mechanism, "carrier": mechanism, "chore": mechanism,
	"passkey": mechanism, "place": mechanism, "blob": mechanism, "signing": mechanism,

	"account": capability, "organization": capability, "license": capability, "access": capability,
	"register": capability, "signin": capability, "staff": capability, "importer": capability, "helpdesk": capability, "lifecycle": capability, "selfservice": capability,
	"credential": capability, "recovery": capability, "release": capability, "profile": capability,
	"activation": capability, "download": capability, "feed": capability, "renewal": capability,

	"cli": entrance, "config": entrance, "app": entrance, "demo": entrance, "web": entrance,
}

// floorOf knows the rooms by name; a folder whose name ends in "test" is rig.
func floorOf(room string) (int, bool) {
	if strings.HasSuffix(room, "test") {
		return testing_, true
	}
	floor, known := floors[room]
	return floor, known
}

// base is the order of the capabilities that others stand on: each may use
// those before it, and every other capability may use all of them.
var base = []string{"account", "organization", "license", "access", "release"}

// facePasses is what a face (web and everything under it) may name besides
// capabilities: enough to answer a request, nothing to get round a Service.
var facePasses = []string{"session", "fault", "text", "audit", "web"}

func floor(room string) int { f, _ := floorOf(room); return f }

type goPackage struct {
	ImportPath   string
	Imports      []string
	TestImports  []string
	XTestImports []string
}

func TestEveryImportGoesDownTheHouse(t *testing.T) {
	for _, p := range listed(t) {
		for _, imported := range p.Imports {
			if advice := refusal(p.ImportPath, imported); advice != "" {
				t.Errorf("%s imports %s: %s", p.ImportPath, imported, advice)
			}
		}
		for _, imported := range slices.Concat(p.TestImports, p.XTestImports) {
			if advice := testRefusal(p.ImportPath, imported); advice != "" {
				t.Errorf("a test of %s imports %s: %s", p.ImportPath, imported, advice)
			}
		}
	}
}

func listed(t *testing.T) []goPackage {
	t.Helper()
	out, err := exec.Command("go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports", "vestibule/internal/...").Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	var all []goPackage
	for d := json.NewDecoder(strings.NewReader(string(out))); d.More(); {
		var p goPackage
		if err := d.Decode(&p); err != nil {
			t.Fatal(err)
		}
		all = append(all, p)
	}
	return all
}

// room is the first folder under internal/, or "" for what is not of the
// house. The rig (dbtest, portaltest) is a room of its own wherever it stands.
func room(path string) string {
	rest, ours := strings.CutPrefix(path, "vestibule/internal/")
	if !ours {
		return ""
	}
	for _, part := range strings.Split(rest, "/") {
		if strings.HasSuffix(part, "test") {
			return part
		}
	}
	first, _, _ := strings.Cut(rest, "/")
	return first
}

// refusal says what to do instead of an import, or "" when it is fine.
func refusal(from, to string) string {
	a, b := room(from), room(to)
	if a == "" {
		return ""
	}
	level, known := floorOf(a)
	if !known {
		return "the room " + a + " has no floor: give it one in internal/arch_test.go and in ARCHITECTURE.md"
	}
	if b == "" {
		return outsideRefusal(a, to)
	}
	below, known := floorOf(b)
	switch {
	case a == b || level == testing_:
		return ""
	case !known:
		return "the room " + b + " has no floor: give it one in internal/arch_test.go and in ARCHITECTURE.md"
	case below == testing_:
		return "only tests may use " + b
	case b == "config" && a != "cli" && a != "app":
		return "only cli and app read the configuration; take the value as an argument or a field"
	case b == "app" && a != "cli":
		return "only cli and portaltest build a portal"
	case b == "demo" && a != "cli":
		return "production knows no sample content; the command line alone brings it in"
	case b == "cli":
		return "nothing imports the command line but main.go"
	case below > level:
		return "imports go down the house; let the upper package call this one and hand over what it needs"
	case a == "web":
		return faceRefusal(b, below)
	case level == capability && below == capability:
		return capabilityRefusal(a, b)
	}
	return ""
}

func outsideRefusal(a, to string) string {
	switch {
	case to == "database/sql" || strings.HasPrefix(to, "database/sql/"),
		strings.HasPrefix(to, "github.com/jackc/pgx"), strings.HasPrefix(to, "modernc.org/sqlite"):
		if a != "db" && floor(a) != testing_ {
			return "only db speaks to a database; take a *db.Tx"
		}
	case to == "crypto/rand" || to == "math/rand" || to == "math/rand/v2":
		if a != "secret" {
			return "chance comes from a secret.Source, so that tests can seed it"
		}
	case to == "testing" || strings.HasPrefix(to, "net/http/httptest"):
		if floor(a) != testing_ {
			return "production code knows no tests"
		}
	case to == "net/http":
		if l := floor(a); l == capability || l == ground {
			return "capabilities and the ground know no HTTP; return a value or a fault and let web answer"
		}
	}
	return ""
}

func faceRefusal(b string, below int) string {
	if below == capability || slices.Contains(facePasses, b) {
		return ""
	}
	return "a page speaks to capabilities only; add a method to the Service that owns the matter"
}

func capabilityRefusal(a, b string) string {
	mine, theirs := slices.Index(base, a), slices.Index(base, b)
	switch {
	case theirs < 0:
		return "capabilities above the base do not know one another; put what both need into account, organization, license or access"
	case mine >= 0 && theirs > mine:
		return "the base stands in the order account, organization, license, access; turn the call round"
	}
	return ""
}

// testRefusal is milder: a test may build what it needs from its own floor
// and below, and from portaltest a whole portal, but gets at no database by
// the back door.
func testRefusal(from, to string) string {
	a, b := room(from), room(to)
	switch {
	case a == "" && b == "", floor(a) == testing_:
		return ""
	case b == "":
		if advice := outsideRefusal(a, to); advice != "" && to != "testing" && to != "net/http" && to != "net/http/httptest" {
			return advice
		}
		return ""
	case b == "cli" && a != "cli":
		return "nothing imports the command line but main.go"
	case floor(b) > floor(a) && floor(b) != testing_ && a != "":
		return "a test, too, imports down the house; a whole portal is portaltest's"
	}
	return ""
}

func TestTheImportTableRefusesWhatItShould(t *testing.T) {
	for _, c := range []struct {
		from, to string
		refused  bool
	}{
		{"flow", "register", true}, {"register", "flow", false}, {"register", "signin", true},
		{"register", "access", false}, {"account", "organization", true}, {"organization", "account", false},
		{"web/visitor", "register", false}, {"web/visitor", "db", true}, {"web", "outbox", true}, {"web/office", "session", false},
		{"config", "secret", false}, {"web", "config", true}, {"app", "config", false}, {"cli", "app", false}, {"web", "app", true},
		{"register", "db/dbtest", true}, {"portaltest", "app", false}, {"unheard", "db", true},
	} {
		if got := refusal("vestibule/internal/"+c.from, "vestibule/internal/"+c.to) != ""; got != c.refused {
			t.Errorf("%s → %s: refused %v, want %v", c.from, c.to, got, c.refused)
		}
	}
	if refusal("vestibule/internal/register", "database/sql") == "" {
		t.Error("a capability may open a database of its own")
	}
}
