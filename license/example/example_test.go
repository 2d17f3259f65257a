package main

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const (
	vectors = "../verify/testdata/"
	day     = "2026-06-20T09:00:00Z"
	key     = "MAG-E2MA8-6980R-7JEPA-4424A"
)

// A customer has the product on a machine of their own.
type customer struct {
	t      *testing.T
	folder string
	public string // what the product has built in
}

func install(t *testing.T, keys ...string) customer {
	t.Helper()
	text, err := os.ReadFile(vectors + "keys.txt")
	if err != nil {
		t.Fatal(err)
	}
	var public []string
	for line := range strings.Lines(string(text)) {
		public = append(public, strings.Fields(line)[2])
	}
	return customer{t, t.TempDir(), strings.Join(append(public, keys...), ",")}
}

// starts runs the product at a time, and returns the code that it prints.
func (c customer) starts(clock string, exit int, args ...string) string {
	c.t.Helper()
	now, err := time.Parse(time.RFC3339, clock)
	if err != nil {
		c.t.Fatal(err)
	}
	var out bytes.Buffer
	args = append([]string{"-public", c.public, "-state", filepath.Join(c.folder, "state")}, args...)
	if got := run(args, func() time.Time { return now }, &out); got != exit {
		c.t.Errorf("%v: exit %d, want %d: %s", args, got, exit, out.String())
	}
	code, _, _ := strings.Cut(out.String(), " ")
	return code
}

func (c customer) wants(code, clock string, args ...string) {
	c.t.Helper()
	exit := 1
	if code == "valid" || code == "in-grace" {
		exit = 0
	}
	if got := c.starts(clock, exit, args...); got != code {
		c.t.Errorf("%v at %s: %s, want %s", args, clock, got, code)
	}
}

func TestOfflineWithAFile(t *testing.T) {
	c := install(t)
	c.wants("valid", day, "-file", vectors+"evaluation.txt")
	c.wants("wrong-device", day, "-file", vectors+"bound.txt")
	c.wants("in-grace", "2026-07-18T09:00:00Z", "-file", vectors+"evaluation.txt")
	c.wants("expired", "2026-07-30T09:00:00Z", "-file", vectors+"evaluation.txt")
	c.wants("bad-armour", "2026-07-30T09:00:00Z", "-file", filepath.Join(c.folder, "none"))
}

func TestAClockSetBack(t *testing.T) {
	c := install(t)
	c.wants("expired", "2026-07-30T09:00:00Z", "-file", vectors+"evaluation.txt")
	c.wants("clock-set-back", day, "-file", vectors+"evaluation.txt")
}

func TestRevokedByTheList(t *testing.T) {
	for _, list := range []string{"list-licence.txt", "list-serial.txt", "list-key.txt"} {
		c := install(t)
		c.wants("valid", day, "-file", vectors+"evaluation.txt", "-list", vectors+"list-empty.txt")
		c.wants("revoked", day, "-file", vectors+"evaluation.txt", "-list", vectors+list)
		c.wants("list-rolled-back", day, "-file", vectors+"evaluation.txt", "-list", vectors+"list-empty.txt")
		c.wants("list-missing", day, "-file", vectors+"evaluation.txt")
		c.wants("bad-armour", day, "-file", vectors+"evaluation.txt", "-list", filepath.Join(c.folder, "none"))
		c.wants("list-too-old", "2026-06-28T09:00:00Z", "-file", vectors+"evaluation.txt", "-list", vectors+list)
	}
}

func TestKeysThatAreRotated(t *testing.T) {
	c := install(t)
	c.wants("valid", day, "-file", vectors+"next-key.txt")
	c.wants("unknown-key", day, "-file", vectors+"unknown-key.txt")
}

func TestEveryFlippedBitIsRefusedWithItsCode(t *testing.T) {
	c := install(t)
	text, err := os.ReadFile(vectors + "evaluation.txt")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(c.folder, "flipped")
	codes := map[string]int{}
	for bit := range 8 * len(text) {
		text[bit/8] ^= 1 << (bit % 8)
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		codes[c.starts(day, 1, "-file", path)]++
		text[bit/8] ^= 1 << (bit % 8)
	}
	if len(codes) != 3 || codes["bad-armour"]+codes["bad-signature"]+codes["unknown-key"] != 8*len(text) {
		t.Errorf("%v of %d bits", codes, 8*len(text))
	}
}

// That the whole portal answers so is shown in internal/, where there is one.
func TestOnline(t *testing.T) {
	answer, status := `{"valid":true,"code":"valid"}`, http.StatusOK
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var asked map[string]string
		if err := json.NewDecoder(r.Body).Decode(&asked); err != nil || asked["key"] != key || r.Method != http.MethodPost || r.URL.String() != "/api/v1/validate" {
			t.Errorf("%s %s %v", r.Method, r.URL, asked)
		}
		w.WriteHeader(status)
		_, _ = w.Write([]byte(answer))
	}))
	defer server.Close()
	c := install(t)
	path := filepath.Join(c.folder, "key")
	if err := os.WriteFile(path, []byte(key+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.wants("valid", day, "-portal", server.URL, "-file", path)
	answer = `{"valid":false,"code":"license-revoked"}`
	c.wants("license-revoked", day, "-portal", server.URL, "-file", path)
	answer, status = `{"code":"too-many"}`, http.StatusTooManyRequests
	c.wants("too-many", day, "-portal", server.URL, "-file", path)
	answer = `<html>`
	c.wants("unreachable", day, "-portal", server.URL, "-file", path)
	server.Close()
	c.wants("unreachable", day, "-portal", server.URL, "-file", path)
}
