package helpdesk

import (
	"testing"

	"vestibule/internal/account"
	"vestibule/internal/audit"
)

func TestWhatWasExpiredBeforeItWasDisabledIsExpiredWhenItIsEnabled(t *testing.T) {
	// The newest first, as the trail gives them.
	states := statesOf([]audit.Entry{
		{At: ago(1), Action: "helpdesk.enable"}, {At: ago(2), Action: "helpdesk.disable"},
		{At: ago(3), Action: "account.email_undo"}, {At: ago(4), Action: "account.password_set"},
	})
	want := []account.State{account.Active, account.Expired, account.Disabled, account.Expired}
	for i, s := range states {
		if s.State != want[i] {
			t.Errorf("%d: %s, want %s", i, s.State, want[i])
		}
	}
	if len(states) != 4 || states[3].Why != account.ByUndo {
		t.Errorf("%+v", states)
	}
}
