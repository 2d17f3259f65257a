package app_test

import (
	"testing"

	"vestibule/internal/app"
	"vestibule/internal/web"
	"vestibule/internal/web/pagetest"
)

// The kept file says of each route who may come in; a change of access shows
// as a change of a line (go test -update writes the file).
// asvs: V8.1.1
func TestTheRouteTableIsTheKeptOne(t *testing.T) {
	p := build(t, app.Options{Config: load(t, t.TempDir())})
	pagetest.Golden(t, "../web/routes.txt", web.Table(p.Kit.Routes()))
}

func TestEveryLinkAndFormOfEveryPageIsServed(t *testing.T) {
	p := build(t, app.Options{Config: load(t, t.TempDir())})
	pagetest.Links(t, app.Samples(), append(p.Kit.Routes(), web.Route{Access: web.Anyone, Pattern: "GET /dev/inbox"}))
}
