package password_test

import (
	"strings"
	"sync"
	"testing"

	"vestibule/internal/fault"
	"vestibule/internal/password"
	"vestibule/internal/secret"
)

func hasher(o password.Options) (*password.Hasher, *secret.Ring, secret.Source) {
	src := secret.Seeded(7)
	ring := secret.NewRing(src)
	if o.Params == (password.Params{}) {
		o.Params = password.Params{MemoryKiB: 64, Passes: 1, Lanes: 1}
	}
	return password.New(ring, src, o), ring, src
}

// asvs: V11.4.2 V6.2.8
func TestAPasswordIsKnownAgainAndAnotherIsNot(t *testing.T) {
	h, _, _ := hasher(password.Options{Params: password.DefaultParams()})
	encoded, err := h.Hash(t.Context(), "quiet anchor toast")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.HasPrefix(encoded, "$argon2id$v=19$m=19456,t=2,p=1,keyid=") {
		t.Fatalf("the costs are not the promised ones: %s", encoded)
	}
	ok, outdated, err := h.Check(t.Context(), encoded, "quiet anchor toast")
	if !ok || outdated || err != nil {
		t.Fatalf("got %v %v %v", ok, outdated, err)
	}
	if ok, _, _ := h.Check(t.Context(), encoded, "quiet anchor toasT"); ok {
		t.Fatal("another password was taken")
	}
}

func TestTheTwoWaysToWriteAnUmlautAreOnePassword(t *testing.T) {
	h, _, _ := hasher(password.Options{})
	encoded, err := h.Hash(t.Context(), "M\u00fcllers Esel")
	if err != nil {
		t.Fatal(err)
	}
	if ok, _, _ := h.Check(t.Context(), encoded, "Mu\u0308llers Esel"); !ok {
		t.Fatal("NFD was refused")
	}
}

// asvs: V11.2.2
func TestAHashOfOtherCostsIsTakenAndToBeMadeAnew(t *testing.T) {
	old, ring, src := hasher(password.Options{})
	encoded, err := old.Hash(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	h := password.New(ring, src, password.Options{Params: password.Params{MemoryKiB: 128, Passes: 1, Lanes: 1}})
	if ok, outdated, err := h.Check(t.Context(), encoded, "x"); !ok || !outdated || err != nil {
		t.Fatalf("got %v %v %v", ok, outdated, err)
	}
}

// asvs: V11.4.4
func TestAHashIsOfNoUseWithoutThePepper(t *testing.T) {
	h, _, src := hasher(password.Options{})
	encoded, err := h.Hash(t.Context(), "x")
	if err != nil {
		t.Fatal(err)
	}
	thief := password.New(secret.NewRing(src), src, password.Options{})
	if ok, _, _ := thief.Check(t.Context(), encoded, "x"); ok {
		t.Fatal("another ring checks the hash")
	}
}

// asvs: V2.4.1 V15.2.2
func TestAFullQueueSaysSoAtOnce(t *testing.T) {
	h, _, _ := hasher(password.Options{Params: password.Params{MemoryKiB: 4096, Passes: 2, Lanes: 1}, Slots: 1, Queue: 1})
	var wg sync.WaitGroup
	var mu sync.Mutex
	turned, done := 0, 0
	for range 40 {
		wg.Go(func() {
			err := h.Dummy(t.Context(), "x")
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				done++
			case fault.Is(err, fault.Unavailable) && fault.From(err).RetryAfter > 0:
				turned++
			default:
				t.Errorf("got %v", err)
			}
		})
	}
	wg.Wait()
	if done == 0 || turned == 0 {
		t.Fatalf("%d done, %d turned away", done, turned)
	}
	if h.Waiting() != 0 {
		t.Fatal("places stay taken")
	}
}

// asvs: V6.2.1 V6.2.4 V6.2.9 V6.2.11
func TestTheProfilesJudgeAsTheirTableSays(t *testing.T) {
	words := []string{"Marta", "Ellison", "marta.ellison@harbourvale.example", "Harbour Vale Council", "Northwind Conferencing", "Meeting Add-On for GroupWise"}
	for _, c := range []struct {
		profile  string
		rules    password.Rules
		password string
		broken   string
	}{
		{"guide", password.Guide(), "", "length"},
		{"guide", password.Guide(), "Short-1", "length"},
		{"guide", password.Guide(), "onlylowercase", "groups"},
		{"guide", password.Guide(), "quiet-Anchor-7", ""},
		{"guide", password.Guide(), "twenty lower letters", ""},
		{"guide", password.Guide(), "Marta-likes-9-tea", "context"},
		{"guide", password.Guide(), "hArBoUr-likes-9-tea", "context"},
		{"guide", password.Guide(), "Northwind-2026!", "context"},
		{"guide", password.Guide(), "GroupWise-2026!", "context"},
		{"guide", password.Guide(), "Mailcreated5240", "common"},
		{"guide", password.Guide(), strings.Repeat("ä pö u", 30), ""},
		{"guide", password.Guide(), strings.Repeat("x", 100_000), "longest"},
		{"guide", password.Guide(), strings.Repeat("x", 300), "variety"},
		{"guide", password.Guide(), strings.Repeat("a", 20), "variety"},
		{"guide", password.Guide(), "Aaaaaaaaaaa1", "variety"},
		{"guide", password.Guide(), "Abcdefgh1234", "variety"},
		{"guide", password.Guide(), "abcabcabcabcabcabcabcab", "variety"},
		{"guide", password.Guide(), "Qwertyuiop12", "variety"},
		{"guide", password.Guide(), "Qwertz-asdf-123456", "variety"},
		{"guide", password.Guide(), "112233445566778899AAbb", "variety"},
		{"guide", password.Guide(), "Boot-1Boot-1Boot-1", "variety"},
		{"guide", password.Guide(), "Aaa-bbb-ccc-ddd-1-kettle", ""},
		{"guide", password.Guide(), "klmnop-Teekessel-789", ""},
		{"nist", password.NIST(false), "xyxyxyxyxyxyxyxyxy", "variety"},
		{"nist", password.NIST(true), "87654321", "variety"},
		{"nist", password.NIST(false), "fourteen chars", "length"},
		{"nist", password.NIST(false), "fifteen letters", ""},
		{"nist", password.NIST(false), "passwordpassword", "common"},
		{"nist", password.NIST(true), "eightcha", ""},
		{"nist", password.NIST(true), "password", "common"},
		{"nist", password.NIST(true), "PassWord", "common"},
		{"nist", password.NIST(true), "七八九十春夏秋冬", ""},
	} {
		err := password.Refusal("password", c.rules.Check(c.password, words))
		switch {
		case c.broken == "" && err != nil:
			t.Errorf("%s %q: refused: %v", c.profile, c.password, err)
		case c.broken != "" && !fault.Code(err, "password-"+c.broken):
			t.Errorf("%s %q: got %v, want %s", c.profile, c.password, err, c.broken)
		}
	}
}

func TestStrengthGrowsWithWhatAGuesserCannotKnow(t *testing.T) {
	words := []string{"Marta"}
	last := -1
	for _, p := range []string{"password", "martamarta1", "aaaaaaaaaaaaaaaa1", "quiet-anchor", "copper-lantern-47-harvest-sleet"} {
		s := password.Strength(p, words)
		if s < last {
			t.Errorf("%q is weaker than the one before: %d", p, s)
		}
		last = s
		t.Log(p, s)
	}
	if last != 4 || password.Strength("password", nil) != 0 || password.Strength("12345678901234567890", nil) > 1 {
		t.Error("the ends of the scale are off")
	}
}
