package verify_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vestibule/license/verify"
)

func TestAClockSetBackIsNoticed(t *testing.T) {
	m := &memory{}
	check := func(clock string, want verify.Code) {
		t.Helper()
		v := verifier(clock)
		v.State = m
		if r := v.Check(kept(t, "evaluation.txt")); r.Code != want {
			t.Errorf("at %s: %s, want %s", clock, r.Code, want)
		}
	}
	check("2026-06-20T09:00:00Z", verify.Valid)
	check("2026-06-20T08:15:00Z", verify.Valid) // within the leeway
	check("2026-06-20T07:59:59Z", verify.ClockSetBack)
	check("2026-06-17T09:00:00Z", verify.ClockSetBack)
	check("2026-08-20T09:00:00Z", verify.Expired)
	check("2026-06-20T09:00:00Z", verify.ClockSetBack) // the way round an end
	v := verifier("2026-06-20T09:00:00Z")
	v.State = m
	if err := v.TrustTime(at("2026-06-20T09:00:00Z")); err != nil {
		t.Fatal(err)
	}
	check("2026-06-20T09:00:00Z", verify.Valid)
}

func TestAListProvesTheTimeAtWhichItWasIssued(t *testing.T) {
	v := verifier("2026-06-18T09:00:00Z")
	if r := v.Revocations(kept(t, "list-empty.txt")); r.Code != verify.ClockSetBack {
		t.Errorf("%s", r.Code)
	}
}

func TestALeewayDoesNotReachPastAnEnd(t *testing.T) {
	m := &memory{}
	v := verifier("2026-07-23T09:00:00Z")
	v.State = m
	v.Check(kept(t, "evaluation.txt"))
	v.Clock = func() time.Time { return at("2026-07-23T08:30:00Z") }
	if r := v.Check(kept(t, "evaluation.txt")); r.Code != verify.Expired {
		t.Errorf("half an hour back after the end: %s", r.Code)
	}
}

func TestTheHighestListIsRemembered(t *testing.T) {
	m := &memory{}
	open := func() *verify.Verifier {
		v := verifier("2026-06-20T09:00:00Z")
		v.State = m
		return v
	}
	v := open()
	if r := v.Revocations(kept(t, "list-licence.txt")); r.Code != verify.Valid {
		t.Fatal(r.Code)
	}
	if r := v.Check(kept(t, "evaluation.txt")); r.Code != verify.Revoked || r.Reason != "revoked" {
		t.Errorf("%s %s", r.Code, r.Reason)
	}
	if r := v.Revocations(kept(t, "list-empty.txt")); r.Code != verify.ListRolledBack {
		t.Errorf("an older list: %s", r.Code)
	}
	if r := v.Check(kept(t, "evaluation.txt")); r.Code != verify.Revoked {
		t.Errorf("after an older list: %s", r.Code)
	}
	again := open()
	if r := again.Revocations(kept(t, "list-empty.txt")); r.Code != verify.ListRolledBack {
		t.Errorf("an older list after a restart: %s", r.Code)
	}
	if r := again.Check(kept(t, "evaluation.txt")); r.Code != verify.ListMissing {
		t.Errorf("without the list that was seen: %s", r.Code)
	}
	if r := again.Revocations(kept(t, "list-licence.txt")); r.Code != verify.Valid {
		t.Errorf("the same list again: %s", r.Code)
	}
}

func TestWithoutAStateTheListInHandCounts(t *testing.T) {
	v := verifier("2026-06-20T09:00:00Z")
	v.Revocations(kept(t, "list-licence.txt"))
	if r := v.Revocations(kept(t, "list-empty.txt")); r.Code != verify.ListRolledBack {
		t.Errorf("%s", r.Code)
	}
	if r := v.Revocations(kept(t, "list-elsewhere.txt")); r.Code != verify.WrongProduct {
		t.Errorf("%s", r.Code)
	}
	v = verifier("2026-06-20T09:00:00Z")
	v.RequireList = true
	if r := v.Check(kept(t, "evaluation.txt")); r.Code != verify.ListMissing {
		t.Errorf("a list is required: %s", r.Code)
	}
}

func TestAListThatIsNoneIsRefused(t *testing.T) {
	zero := revocations(0)
	for name, c := range map[string]struct {
		text string
		want verify.Code
	}{
		"a licence":  {string(kept(t, "evaluation.txt")), verify.BadArmour},
		"number 0":   {list(zero, currentKey()), verify.BadClaims},
		"a stranger": {list(revocations(3), strangerKey()), verify.UnknownKey},
		"too large":  {strings.Repeat("A", verify.MaxList+1), verify.FileTooLarge},
		"too old":    {list(verify.Revocations{Number: 3, Issued: at("2026-06-01T09:00:00Z"), NextUpdate: at("2026-06-08T09:00:00Z")}, currentKey()), verify.ListTooOld},
	} {
		if r := verifier("2026-06-20T09:00:00Z").Revocations([]byte(c.text)); r.Code != c.want || r.OK() {
			t.Errorf("%s: %s, want %s", name, r.Code, c.want)
		}
	}
}

func TestAStateThatFailsIsARefusal(t *testing.T) {
	for name, m := range map[string]*memory{
		"cannot be read":    {load: errDisk},
		"cannot be written": {save: errDisk},
		"is no state":       {b: []byte("{")},
		"is a book":         {b: []byte(strings.Repeat(" ", 5000) + "{}")},
	} {
		v := verifier("2026-06-20T09:00:00Z")
		v.State = m
		if r := v.Check(kept(t, "evaluation.txt")); r.Code != verify.BadState {
			t.Errorf("%s: %s", name, r.Code)
		}
		if r := v.Revocations(kept(t, "list-empty.txt")); r.Code != verify.BadState {
			t.Errorf("%s, a list: %s", name, r.Code)
		}
	}
	v := verifier("2026-06-20T09:00:00Z")
	v.State = &memory{b: []byte("{")}
	if err := v.TrustTime(at("2026-06-20T09:00:00Z")); err != nil || v.Check(kept(t, "evaluation.txt")).Code != verify.Valid {
		t.Errorf("a sure time does not mend a broken state: %v", err)
	}
}

func TestAFileKeepsTheState(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state")
	v := verifier("2026-06-20T09:00:00Z")
	v.State = verify.FileState(path)
	for range 2 {
		if r := v.Check(kept(t, "evaluation.txt")); r.Code != verify.Valid {
			t.Fatal(r.Code)
		}
	}
	v.Clock = func() time.Time { return at("2026-06-17T09:00:00Z") }
	if r := v.Check(kept(t, "evaluation.txt")); r.Code != verify.ClockSetBack {
		t.Error(r.Code)
	}
	if left, err := filepath.Glob(filepath.Join(filepath.Dir(path), ".state-*")); err != nil || len(left) > 0 {
		t.Errorf("left behind: %v %v", left, err)
	}
	if err := os.WriteFile(path, make([]byte, 5000), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := v.Check(kept(t, "evaluation.txt")); r.Code != verify.BadState {
		t.Error(r.Code)
	}
	v.State = verify.FileState(filepath.Join(path, "below a file"))
	if r := v.Check(kept(t, "evaluation.txt")); r.Code != verify.BadState {
		t.Error(r.Code)
	}
}

func TestTheClockOfTheMachineIsTheDefault(t *testing.T) {
	v := verifier("2026-06-20T09:00:00Z")
	v.Clock = nil
	if r := v.Check(kept(t, "evaluation.txt")); r.At.IsZero() {
		t.Errorf("not judged: %s", r.Code)
	}
}
