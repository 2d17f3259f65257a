package passkey_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"vestibule/internal/fault"
	"vestibule/internal/passkey"
	"vestibule/internal/passkey/passkeytest"
	"vestibule/internal/secret"
)

const origin = "https://portal.example.com"

var noon = time.Date(2026, 6, 16, 12, 0, 0, 0, time.UTC)

func party(t *testing.T) *passkey.Party {
	t.Helper()
	p, err := passkey.New(secret.Seeded(1), origin, "Northwind Conferencing")
	if err != nil || !p.Offered() {
		t.Fatal(err)
	}
	return p
}

func marta() passkey.Owner {
	return passkey.Owner{Handle: "01j0marta", Name: "mellison", DisplayName: "Marta Ellison"}
}

// enrolled has an authenticator make one passkey for the owner.
func enrolled(t *testing.T, p *passkey.Party, a *passkeytest.Authenticator, who passkey.Owner) passkey.Owner {
	t.Helper()
	options, c, err := p.BeginRegistration(noon, "add", who)
	if err != nil {
		t.Fatal(err)
	}
	made, err := p.FinishRegistration(noon, "add", kept(t, c), who, a.Make(options))
	if err != nil {
		t.Fatal(err)
	}
	who.Credentials = append(who.Credentials, made)
	return who
}

// kept is a challenge that lay in a row meanwhile.
func kept(t *testing.T, c passkey.Challenge) (again passkey.Challenge) {
	t.Helper()
	row, err := json.Marshal(c)
	if err == nil {
		err = json.Unmarshal(row, &again)
	}
	if err != nil {
		t.Fatal(err)
	}
	return again
}

// asvs: V6.3.3
func TestAPasskeyProvesItsOwner(t *testing.T) {
	p := party(t)
	a := passkeytest.New(t, secret.Seeded(2), origin)
	a.Synced = true
	who := enrolled(t, p, a, marta())
	if c := who.Credentials[0]; !c.BackupEligible || !c.BackedUp || strings.Join(c.Transports, " ") != "internal hybrid" || len(c.Key) == 0 {
		t.Errorf("%+v", c)
	}
	for _, asked := range []passkey.Owner{{}, who} { // whichever there is; one of hers
		options, c, err := p.BeginAssertion(noon, "sign-in", asked)
		if err != nil {
			t.Fatal(err)
		}
		answer := a.Use(options)
		id, err := passkey.Named(answer)
		if err != nil || string(id) != string(who.Credentials[0].ID) {
			t.Fatalf("%x %v", id, err)
		}
		got, err := p.FinishAssertion(noon.Add(passkey.Life-time.Microsecond), "sign-in", kept(t, c), who, answer)
		if err != nil || got.Copied || !got.BackedUp {
			t.Errorf("%+v %v", got, err)
		}
	}
}

func TestTheOptionsForAnyoneSayNothingOfAnybody(t *testing.T) {
	p := party(t)
	options, _, err := p.BeginAssertion(noon, "recovery", passkey.Owner{})
	if err != nil {
		t.Fatal(err)
	}
	var o map[string]any
	if err := json.Unmarshal(options, &o); err != nil {
		t.Fatal(err)
	}
	if o["allowCredentials"] != nil || o["userVerification"] != "required" || o["rpId"] != "portal.example.com" || o["timeout"] != 300000. {
		t.Errorf("%s", options)
	}
}

func TestTheOptionsOfARegistrationAskForWhatSignInNeeds(t *testing.T) {
	p := party(t)
	a := passkeytest.New(t, secret.Seeded(2), origin)
	who := enrolled(t, p, a, marta())
	options, _, err := p.BeginRegistration(noon, "add", who)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"residentKey":"required"`, `"userVerification":"required"`, `"attestation":"none"`, `"excludeCredentials":[{`, `"name":"Northwind Conferencing"`} {
		if !strings.Contains(string(options), want) {
			t.Errorf("no %s in %s", want, options)
		}
	}
	if a.Make(options) != nil {
		t.Error("an authenticator that has one makes another")
	}
}

func TestWhatIsNotRightIsRefusedAlike(t *testing.T) {
	p := party(t)
	honest := passkeytest.New(t, secret.Seeded(2), origin)
	who := enrolled(t, p, honest, marta())
	other := enrolled(t, p, passkeytest.New(t, secret.Seeded(3), origin), passkey.Owner{Handle: "01j0mallory", Name: "m", DisplayName: "M"})
	key := honest.Keys[0]
	for name, attempt := range map[string]func(c passkey.Challenge, challenge string) error{
		"another origin": func(c passkey.Challenge, challenge string) error {
			phished := *honest
			phished.Origin = "https://portal.example.com.evil.example"
			_, err := p.FinishAssertion(noon, "sign-in", c, who, phished.Sign(key, challenge))
			return err
		},
		"another port": func(c passkey.Challenge, challenge string) error {
			phished := *honest
			phished.Origin = "https://portal.example.com:8443"
			_, err := p.FinishAssertion(noon, "sign-in", c, who, phished.Sign(key, challenge))
			return err
		},
		"nobody verified": func(c passkey.Challenge, challenge string) error {
			lax := *honest
			lax.Unverified = true
			_, err := p.FinishAssertion(noon, "sign-in", c, who, lax.Sign(key, challenge))
			return err
		},
		"another purpose": func(c passkey.Challenge, challenge string) error {
			_, err := p.FinishAssertion(noon, "recovery", c, who, honest.Sign(key, challenge))
			return err
		},
		"another challenge": func(c passkey.Challenge, _ string) error {
			_, err := p.FinishAssertion(noon, "sign-in", c, who, honest.Sign(key, "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"))
			return err
		},
		"another owner's key": func(c passkey.Challenge, challenge string) error {
			_, err := p.FinishAssertion(noon, "sign-in", c, other, honest.Sign(key, challenge))
			return err
		},
		"her key as another's": func(c passkey.Challenge, challenge string) error {
			stolen := *key
			stolen.Handle = []byte(other.Handle)
			_, err := p.FinishAssertion(noon, "sign-in", c, who, honest.Sign(&stolen, challenge))
			return err
		},
		"no handle": func(c passkey.Challenge, challenge string) error {
			bare := *key
			bare.Handle = nil
			_, err := p.FinishAssertion(noon, "sign-in", c, passkey.Owner{Credentials: who.Credentials}, honest.Sign(&bare, challenge))
			return err
		},
		"another domain": func(c passkey.Challenge, challenge string) error {
			strayed := *key
			strayed.RP = "example.com"
			_, err := p.FinishAssertion(noon, "sign-in", c, who, honest.Sign(&strayed, challenge))
			return err
		},
		"a broken signature": func(c passkey.Challenge, challenge string) error {
			var answer map[string]any
			if err := json.Unmarshal(honest.Sign(key, challenge), &answer); err != nil {
				return err
			}
			answer["response"].(map[string]any)["signature"] = "MEUCIQ"
			broken, err := json.Marshal(answer)
			if err != nil {
				return err
			}
			_, err = p.FinishAssertion(noon, "sign-in", c, who, broken)
			return err
		},
		"a registration's answer": func(c passkey.Challenge, challenge string) error {
			_, err := p.FinishAssertion(noon, "sign-in", c, who, honest.Enrol(key, challenge))
			return err
		},
		"no challenge": func(_ passkey.Challenge, challenge string) error {
			_, err := p.FinishAssertion(noon, "sign-in", passkey.Challenge{}, who, honest.Sign(key, challenge))
			return err
		},
		"too much": func(c passkey.Challenge, challenge string) error {
			long := append(honest.Sign(key, challenge), make([]byte, passkey.MaxAnswer)...)
			if _, err := passkey.Named(long); !fault.Code(err, "passkey-wrong") {
				t.Errorf("too much is named: %v", err)
			}
			_, err := p.FinishAssertion(noon, "sign-in", c, who, long)
			return err
		},
		"nonsense": func(c passkey.Challenge, _ string) error {
			if _, err := passkey.Named([]byte("{}")); !fault.Code(err, "passkey-wrong") {
				t.Errorf("nonsense is named: %v", err)
			}
			_, err := p.FinishAssertion(noon, "sign-in", c, who, []byte(`{"id":1}`))
			return err
		},
	} {
		options, c, err := p.BeginAssertion(noon, "sign-in", passkey.Owner{})
		if err != nil {
			t.Fatal(err)
		}
		if err := attempt(kept(t, c), honest.Challenge(options)); !fault.Code(err, "passkey-wrong") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestAChallengeForOneDoesNotServeAnother(t *testing.T) {
	p := party(t)
	hers, his := passkeytest.New(t, secret.Seeded(2), origin), passkeytest.New(t, secret.Seeded(3), origin)
	who := enrolled(t, p, hers, marta())
	other := enrolled(t, p, his, passkey.Owner{Handle: "01j0mallory", Name: "m", DisplayName: "M"})
	options, c, err := p.BeginAssertion(noon, "sign-in", who)
	if err != nil {
		t.Fatal(err)
	}
	if his.Use(options) != nil {
		t.Error("his key is among those asked for")
	}
	if _, err := p.FinishAssertion(noon, "sign-in", c, other, his.Sign(his.Keys[0], his.Challenge(options))); !fault.Code(err, "passkey-wrong") {
		t.Errorf("his key for her challenge: %v", err)
	}
	// A challenge to sign in is none to register with.
	if _, err := p.FinishRegistration(noon, "sign-in", c, other, his.Enrol(his.Keys[0], his.Challenge(options))); !fault.Code(err, "passkey-wrong") {
		t.Errorf("registered: %v", err)
	}
}

func TestAChallengeIsGoodForFiveMinutes(t *testing.T) {
	p := party(t)
	a := passkeytest.New(t, secret.Seeded(2), origin)
	who := enrolled(t, p, a, marta())
	options, c, err := p.BeginAssertion(noon, "sign-in", who)
	if err != nil {
		t.Fatal(err)
	}
	_, err = p.FinishAssertion(noon.Add(passkey.Life), "sign-in", c, who, a.Use(options))
	if !fault.Is(err, fault.Gone) || !fault.Code(err, "passkey-late") {
		t.Errorf("%v", err)
	}
}

func TestACounterThatDoesNotGoOnIsACopy(t *testing.T) {
	p := party(t)
	a := passkeytest.New(t, secret.Seeded(2), origin)
	a.Counts = true
	who := enrolled(t, p, a, marta())
	use := func() passkey.Assertion {
		t.Helper()
		options, c, err := p.BeginAssertion(noon, "sign-in", who)
		if err != nil {
			t.Fatal(err)
		}
		got, err := p.FinishAssertion(noon, "sign-in", c, who, a.Use(options))
		if err != nil {
			t.Fatal(err)
		}
		return got
	}
	got := use()
	if got.Copied || got.Counter != 2 {
		t.Fatalf("%+v", got)
	}
	who.Credentials[0].Counter = got.Counter
	a.Keys[0].Counter = 1 // the copy was made before
	if got := use(); !got.Copied {
		t.Errorf("the same count again: %+v", got)
	}
}

func TestWherePasskeysCannotWorkNoneAreOffered(t *testing.T) {
	for base, offered := range map[string]bool{
		"https://portal.example.com": true, "https://portal.example.com:8443": true, "http://localhost:8080": true, "http://demo.localhost:8080": true,
		"http://portal.example.com": false, "http://127.0.0.1:8080": false, "https://192.0.2.7": false, "https://[::1]:8080": false,
	} {
		p, err := passkey.New(secret.Seeded(1), base, "Northwind")
		if err != nil || p.Offered() != offered {
			t.Errorf("%s: %v %v", base, p.Offered(), err)
		}
		if _, _, err := p.BeginAssertion(noon, "sign-in", passkey.Owner{}); (err == nil) != offered {
			t.Errorf("%s: %v", base, err)
		}
	}
}
