package web

import (
	"context"
	"net/http"
	"time"

	"vestibule/internal/web/ui"
)

// own are the kit's own routes.
func (k *Kit) own() []Route {
	return []Route{
		Row(Anyone, "GET /{$}", k.door),
		Row(Anyone, "GET /assets/", k.asset),
		Row(Anyone, "GET /healthz", func(c *Context) error { return c.Bytes(http.StatusOK, "text/plain; charset=utf-8", []byte("ok\n")) }),
		Row(Anyone, "GET /readyz", k.ready),
		Row(Anyone, "GET /help/privacy", func(c *Context) error { return c.Page(http.StatusOK, ui.PrivacyPage(c.Frame())) }),
		Row(Anyone, "GET /help/accessibility", func(c *Context) error { return c.Page(http.StatusOK, ui.AccessibilityPage(c.Frame())) }),
	}
}

// door leads whoever comes to the bare address to where they belong.
func (k *Kit) door(c *Context) error {
	if c.Who().Known() {
		return c.SeeOther(HomePath)
	}
	if c.StaffWho().Known() {
		return c.SeeOther(OfficePath)
	}
	return c.SeeOther(SignInPath)
}

// ready says whether this node can serve, for a load balancer.
func (k *Kit) ready(c *Context) error {
	if k.o.Ready != nil {
		ctx, cancel := context.WithTimeout(c.Context(), 2*time.Second)
		defer cancel()
		if err := k.o.Ready(ctx); err != nil {
			return c.Bytes(http.StatusServiceUnavailable, "text/plain; charset=utf-8", []byte("not ready\n"))
		}
	}
	return c.Bytes(http.StatusOK, "text/plain; charset=utf-8", []byte("ready\n"))
}
