package verify_test

import (
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"vestibule/license/verify"
)

const alphabet = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"

func TestARequestIsReadBackHoweverItIsTyped(t *testing.T) {
	q := verify.Request{Key: parsedKey(), Device: device()}
	text, err := q.Encode()
	if err != nil {
		t.Fatal(err)
	}
	for _, typed := range []string{
		text, strings.ToLower(text), strings.ReplaceAll(text, "-", ""), strings.ReplaceAll(text, "-", "\r\n  "),
		strings.NewReplacer("0", "o", "1", "l", "-", "–").Replace(text), "\t" + text + "\n",
	} {
		if got, err := verify.ParseRequest(typed); err != nil || got != q {
			t.Errorf("%q: %+v %v", typed, got, err)
		}
	}
}

func TestARequestOfSomethingElseIsNotMade(t *testing.T) {
	for _, q := range []verify.Request{{Key: "MAG-1", Device: device()}, {Key: key, Device: "abc"}, {Key: key, Device: strings.ToUpper(device())}} {
		if text, err := q.Encode(); err == nil {
			t.Errorf("%+v: %s", q, text)
		}
	}
}

// fault is the code and the group that a parser told.
func fault(err error) (verify.Code, int) {
	if e, ok := errors.AsType[*verify.CodeError](err); ok {
		return e.Code, e.Group
	}
	if e, ok := errors.AsType[*verify.KeyError](err); ok {
		return e.Code, 0
	}
	return "", 0
}

func TestATypingErrorIsToldAtItsGroup(t *testing.T) {
	text, err := verify.Request{Key: key, Device: device()}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	groups := strings.Split(text, "-")
	for g := range groups {
		for i := range groups[g] {
			for _, symbol := range alphabet + "U*é" {
				if byte(symbol) == groups[g][i] && symbol < 128 {
					continue
				}
				changed := strings.Split(text, "-")
				changed[g] = groups[g][:i] + string(symbol) + groups[g][i+1:]
				want := verify.CodeGroup
				if !strings.ContainsRune(alphabet, symbol) {
					want = verify.CodeCharacter
				}
				if code, group := fault2(verify.ParseRequest(strings.Join(changed, "-"))); code != want || group != g+1 {
					t.Fatalf("%c for symbol %d of group %d: %s at %d", symbol, i+1, g+1, code, group)
				}
			}
			for j := range i {
				b := []byte(groups[g])
				if b[i], b[j] = b[j], b[i]; b[i] == b[j] {
					continue
				}
				changed := strings.Split(text, "-")
				changed[g] = string(b)
				if code, group := fault2(verify.ParseRequest(strings.Join(changed, "-"))); code != verify.CodeGroup || group != g+1 {
					t.Fatalf("symbols %d and %d of group %d exchanged: %s at %d", j+1, i+1, g+1, code, group)
				}
			}
		}
		for h := range g {
			changed := strings.Split(text, "-")
			changed[g], changed[h] = changed[h], changed[g]
			if code, group := fault2(verify.ParseRequest(strings.Join(changed, "-"))); changed[g] != changed[h] && (code != verify.CodeGroup || group != h+1) {
				t.Fatalf("groups %d and %d exchanged: %s at %d", h+1, g+1, code, group)
			}
		}
		if code, group := fault2(verify.ParseRequest(strings.Join(append(groups[:g:g], groups[g+1:]...), "-"))); code != verify.CodeGroup && code != verify.CodeShort || group != 0 && group != g+1 {
			t.Fatalf("group %d left out: %s at %d", g+1, code, group)
		}
	}
}

func fault2(_ verify.Request, err error) (verify.Code, int) { return fault(err) }

func TestWhatIsNoRequestIsRefused(t *testing.T) {
	good := verify.Request{Key: key, Device: device()}
	text, err := good.Encode()
	if err != nil {
		t.Fatal(err)
	}
	raw, err := verify.DecodeGroups(text)
	if err != nil {
		t.Fatal(err)
	}
	remade := func(change func(b []byte) []byte) string {
		return verify.EncodeGroups(change(append([]byte{}, raw...)))
	}
	for name, c := range map[string]struct {
		typed string
		want  verify.Code
	}{
		"nothing":             {"", verify.CodeShort},
		"only dashes":         {" -- \n", verify.CodeShort},
		"five symbols":        {text[:5], verify.CodeShort},
		"one group":           {text[:6], verify.CodeShort},
		"an activation code":  {string(kept(t, "code.txt")), verify.BadCode},
		"a book":              {strings.Repeat("A", 5000), verify.CodeLong},
		"more than any":       {verify.EncodeGroups(make([]byte, 600)), verify.CodeLong},
		"another version":     {remade(func(b []byte) []byte { b[0]++; return b }), verify.BadCode},
		"a wrong check":       {remade(func(b []byte) []byte { b[3]++; return b }), verify.BadCode},
		"more after its end":  {remade(func(b []byte) []byte { return append(b, 0, 0, 0, 0) }), verify.BadCode},
		"longer than it says": {remade(func(b []byte) []byte { b[1] = 250; return b }), verify.CodeShort},
	} {
		if code, _ := fault2(verify.ParseRequest(c.typed)); code != c.want {
			t.Errorf("%s: %s, want %s", name, code, c.want)
		}
	}
}

func TestGroupsGiveBackTheirBytes(t *testing.T) {
	chance := rand.New(rand.NewPCG(1, 2))
	for n := 1; n < 300; n++ {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(chance.Uint32())
		}
		got, err := verify.DecodeGroups(verify.EncodeGroups(b))
		if err != nil || len(got) < n || string(got[:n]) != string(b) || len(got) > n+4 || strings.Trim(string(got[n:]), "\x00") != "" {
			t.Fatalf("%d bytes: %v", n, err)
		}
	}
}

func TestWhatAnActivationCodeSaysIsRead(t *testing.T) {
	v := verifier("2026-06-20T09:00:00Z")
	r := v.CheckCode(strings.ToLower(string(kept(t, "code.txt"))), strings.ToLower(key))
	want := bound()
	want.License, want.ProductName, want.Organization, want.Policy, want.Edition, want.Channels, want.Devices = "", "", "", "", "", nil, 0
	want.NotBefore = at("0001-01-01T00:00:00Z")
	if r.Code != verify.Valid || string(encode(r.License)) != string(encode(want)) {
		t.Errorf("%s %s\nwant %s", r.Code, encode(r.License), encode(want))
	}
	for name, c := range map[string]struct {
		typed, key string
		want       verify.Code
	}{
		"another key":  {string(kept(t, "code.txt")), "MAG-00000-00000-00000-0008E", verify.KeyCheck},
		"no key":       {string(kept(t, "code.txt")), "", verify.KeyShort},
		"a request":    {string(kept(t, "request.txt")), key, verify.BadCode},
		"half a code":  {string(kept(t, "code.txt"))[:70], key, verify.CodeGroup},
		"seven groups": {string(kept(t, "code.txt"))[:7*7], key, verify.CodeShort},
	} {
		if r := v.CheckCode(c.typed, c.key); r.Code != c.want {
			if name == "half a code" && r.Code == verify.CodeShort {
				continue
			}
			t.Errorf("%s: %s, want %s", name, r.Code, c.want)
		}
	}
}

func TestWhatDoesNotFitIntoACodeIsNotPacked(t *testing.T) {
	id := public(currentKey()).ID()
	for name, change := range map[string]func(*verify.License){
		"many features":    func(l *verify.License) { l.Features = strings.Split(strings.Repeat("feature,", 40), ",") },
		"a long feature":   func(l *verify.License) { l.Features = []string{strings.Repeat("x", 300)} },
		"a strange kind":   func(l *verify.License) { l.Kind = "gift" },
		"no kind":          func(l *verify.License) { l.Kind = "" },
		"a time of old":    func(l *verify.License) { l.Until = at("1969-01-01T00:00:00Z") },
		"a time far ahead": func(l *verify.License) { l.Until = at("2107-01-01T00:00:00Z") },
		"many seats":       func(l *verify.License) { l.Seats = 70000 },
		"no device":        func(l *verify.License) { l.Device = "" },
		"no serial":        func(l *verify.License) { l.Serial = "1" },
	} {
		l := bound()
		change(&l)
		if _, ok := verify.Pack(l, parsedKey(), id); ok {
			t.Errorf("%s was packed", name)
		}
	}
}

func TestAKeyIsReadAndToldAtItsPosition(t *testing.T) {
	for typed, c := range map[string]struct {
		code     verify.Code
		position int
	}{
		"":                                 {verify.KeyShort, 0},
		key + key:                          {verify.KeyLong, 0},
		strings.Repeat("A", 100):           {verify.KeyLong, 0},
		key[:6] + "*" + key[7:]:            {verify.KeyCharacter, 7},
		key[:6] + "U" + key[7:]:            {verify.KeyCharacter, 7},
		"М" + key[1:]:                      {verify.KeyCharacter, 1},
		key[:4] + "F" + key[5:]:            {verify.KeyCheck, 0},
		"MAG-E2MA8-6980R-7JEPA-442A4":      {verify.KeyCheck, 0},
		key:                                {"", 0},
		" mag e2ma8–698or_7jepa−4424a\r\n": {"", 0},
	} {
		got, err := verify.ParseKey(typed)
		if e, ok := errors.AsType[*verify.KeyError](err); ok != (c.code != "") || ok && (e.Code != c.code || e.Position != c.position) || !ok && got != "MAGE2MA86980R7JEPA4424A" {
			t.Errorf("%q: %q %v", typed, got, err)
		}
	}
}

func TestErrorsAndHashesAreTold(t *testing.T) {
	if (&verify.KeyError{Code: verify.KeyShort}).Error() != "verify: key-short" || (&verify.CodeError{Code: verify.BadCode}).Error() != "verify: bad-code" {
		t.Error("an error does not tell its code")
	}
	if verify.Fingerprint("a", "bc") == verify.Fingerprint("ab", "c") || !verify.ValidFingerprint(verify.Fingerprint("a")) {
		t.Error("fingerprints run into one another")
	}
	if len(verify.KeyHash(parsedKey())) != 64 {
		t.Error("a hash of another length")
	}
}
