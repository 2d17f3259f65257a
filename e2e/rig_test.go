// Package e2e_test is people at work: journeys through the real binary in a
// real Chromium, on both databases, with a mail server and an SMS gateway that
// the portal really speaks to.
package e2e_test

import (
	"testing"

	"vestibule/e2e/browser"
	"vestibule/e2e/parts"
)

func TestMain(m *testing.M) { browser.Main(m, parts.CleanUp) }

// onBoth runs a journey in a new installation on the embedded database and in
// one on PostgreSQL.
func onBoth(t *testing.T, journey func(t *testing.T, o *parts.Office), more ...string) {
	t.Helper()
	parts.OnBoth(t, func(t *testing.T, database string) {
		journey(t, parts.StartOffice(t, database, false, append(settings, more...)...))
	})
}
