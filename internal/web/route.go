package web

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// An Access says who may come in. There is no zero Access: a Route without
// one is refused when the portal starts.
type Access struct {
	who  string
	need string // a permission for staff, roles for members
}

// Who may come in.
var (
	// Anyone, signed in or not. Steps of a flow are Anyone: the ticket in the
	// flow's own cookie is what lets them go on.
	Anyone = Access{who: "anyone"}
	// SignedIn is a client who has signed in, whatever the standing.
	SignedIn = Access{who: "signed-in"}
	// Client is a client whom the one evaluator lets into the portal; others
	// are sent to the page that says what is missing.
	Client = Access{who: "client"}
	// StaffAny is every member of staff.
	StaffAny = Access{who: "staff"}
)

// Member is a Client who has one of the roles in the own organization.
func Member(roles ...string) Access {
	return Access{who: "member", need: strings.Join(roles, "|")}
}

// Token is a service account that shows its token, in an Authorization header as Bearer (RFC 6750) or as the password of Basic
// (RFC 7617), and has the scope. Cookies count for nothing there.
func Token(scope string) Access { return Access{who: "token", need: scope} }

// Staff is a member of staff whose role grants the permission.
func Staff(permission string) Access { return Access{who: "staff", need: permission} }

// String is how the access stands in the route table.
func (a Access) String() string {
	if a.need == "" {
		return a.who
	}
	return a.who + ":" + a.need
}

func (a Access) isStaff() bool { return a.who == "staff" }

// A Handler answers one request. What it returns is answered in one place
// (Kit.answer): a handler that fails has written nothing.
type Handler func(*Context) error

// A Route is one row of a face's table. Rows are made by Row, so that one
// without access does not compile.
type Route struct {
	Access  Access
	Pattern string // METHOD and path, as http.ServeMux has it
	Handle  Handler

	api  bool
	long bool
	body int64
}

// API makes a row one for programs: what fails is answered as a problem document (RFC 9457) instead of a page.
func (r Route) API() Route { r.api = true; return r }

// Body lets a row take bodies of up to n bytes instead of 64 KiB. Whoever takes more than fits in memory reads it as it comes.
func (r Route) Body(n int64) Route { r.body = n; return r }

// Long lets a row send or take for as long as it goes on: instead of the server's deadline for a whole request there is one for
// every few megabytes.
func (r Route) Long() Route { r.long = true; return r }

// Row makes a row: who may come in is the first word of it.
//
//	web.Row(web.Anyone, "GET /sign-in", f.signInForm),
func Row(access Access, pattern string, handle Handler) Route {
	return Route{Access: access, Pattern: pattern, Handle: handle, body: maxBody}
}

// Table is the whole table as text, one route a line in order of path: what a
// test compares with a kept file, so that no route changes its access unseen.
func Table(routes []Route) string {
	rows := make([][3]string, 0, len(routes))
	width := 0
	for _, r := range routes {
		method, path, _ := strings.Cut(r.Pattern, " ")
		rows = append(rows, [3]string{path, method, r.Access.String()})
		width = max(width, len(path))
	}
	slices.SortFunc(rows, func(a, b [3]string) int { return slices.Compare(a[:], b[:]) })
	var b strings.Builder
	for _, r := range rows {
		fmt.Fprintf(&b, "%-*s  %-4s  %s\n", width, r[0], r[1], r[2])
	}
	return b.String()
}

// check refuses rows that would be open, dead or ambiguous.
func (r Route) check() error {
	method, path, ok := strings.Cut(r.Pattern, " ")
	switch {
	case !ok || !strings.HasPrefix(path, "/"):
		return fmt.Errorf("route %q: a pattern is METHOD and path", r.Pattern)
	case method != http.MethodGet && method != http.MethodPost:
		return fmt.Errorf("route %q: pages are GET, changes are POST", r.Pattern)
	case r.Access.who == "":
		return fmt.Errorf("route %q says not who may come in", r.Pattern)
	case r.Handle == nil:
		return fmt.Errorf("route %q leads nowhere", r.Pattern)
	}
	return nil
}
