package text_test

import (
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"vestibule/internal/text"
)

func load(t *testing.T, overrides fstest.MapFS) *text.Catalogue {
	t.Helper()
	var c *text.Catalogue
	var err error
	if overrides == nil {
		c, err = text.Load(nil)
	} else {
		c, err = text.Load(overrides)
	}
	if err != nil {
		t.Fatal(err)
	}
	return c
}

func toml(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }

func TestDatesAndNumbersReadAsAPersonSaysThem(t *testing.T) {
	c := load(t, nil)
	at := time.Date(2026, 7, 3, 9, 42, 0, 0, time.UTC)
	en, de := c.For(text.English), c.For(text.German)
	for _, row := range []struct{ got, want string }{
		{en.Date(at), "Friday 3 July 2026"},
		{de.Date(at), "Freitag, 3. Juli 2026"},
		{en.DayMonth(at), "3 July"},
		{de.DayMonth(at.AddDate(0, -4, 0)), "3. März"},
		{en.DateTime(at), "Friday 3 July 2026, 09:42"},
		{de.ShortDateTime(at), "3. Juli 2026, 09:42"},
		{en.Date(time.Time{}), ""},
		{en.Number(1200), "1,200"},
		{de.Number(1234567), "1.234.567"},
		{en.Number(-42), "−42"},
		{en.Number(999), "999"},
		{en.Size(212_000), "212\u00a0KB"},
		{de.Size(18_400_000), "18,4\u00a0MB"},
		{en.Duration(2*time.Hour + 15*time.Minute), "2\u00a0h 15\u00a0min"},
		{de.Duration(49 * time.Hour), "2\u00a0T 1\u00a0Std."},
		{en.Duration(-45 * time.Minute), "45\u00a0min"},
		{en.Duration(20 * time.Second), "20\u00a0s"},
		{en.Long(10 * time.Minute), "10 minutes"},
		{en.Long(61 * time.Second), "2 minutes"},
		{en.Long(90 * time.Minute), "1 hour 30 minutes"},
		{en.Long(24 * time.Hour), "24 hours"},
		{en.Long(14 * 24 * time.Hour), "14 days"},
		{de.Long(time.Minute), "1 Minute"},
		{en.Long(500 * time.Millisecond), "1 second"},
		{en.Long(0), "0 seconds"},
		{en.Clock(42 * time.Second), "0:42"},
		{en.Clock(time.Hour + 2*time.Minute + 9*time.Second), "1:02:09"},
	} {
		if row.got != row.want {
			t.Errorf("got %q, want %q", row.got, row.want)
		}
	}
}

func TestTimesAreShownInTheVendorsZone(t *testing.T) {
	berlin := time.FixedZone("CEST", 2*3600)
	en := load(t, nil).In(berlin).For(text.English)
	late := time.Date(2026, 7, 3, 23, 30, 0, 0, time.UTC)
	if got := en.DateTime(late); got != "Saturday 4 July 2026, 01:30" || en.Zone(late) != "CEST" {
		t.Errorf("got %q %q", got, en.Zone(late))
	}
}

func TestWordsFollowTheNumber(t *testing.T) {
	en := load(t, nil).For(text.English)
	if one, many := en.T("ui.days", "n", 1), en.T("ui.days", "n", 1200); one != "1 day" || many != "1,200 days" {
		t.Errorf("got %q and %q", one, many)
	}
}

func TestAKeyWithoutWordsIsSeen(t *testing.T) {
	en := load(t, nil).For(text.English)
	if en.Has("no.such") || en.T("no.such") != "[no.such]" {
		t.Error("a missing key hides")
	}
}

func TestTheBrowsersLanguageIsMatched(t *testing.T) {
	c := load(t, nil)
	for accept, want := range map[string]text.Lang{
		"":                                 text.English,
		"de-AT,de;q=0.9":                   text.German,
		"fr;q=0.9, de;q=0.5":               text.German,
		"en-US,en;q=0.9,de;q=0.8":          text.English,
		"zh":                               text.English,
		";;;":                              text.English,
		"de" + strings.Repeat(", xx", 200): text.English,
		"tlh, *;q=0.1":                     text.English,
		"DE-1901;q=0.2, en;q=0":            text.German,
		"de;q=x":                           text.English,
	} {
		if got := c.Match(accept, text.English); got != want {
			t.Errorf("%q: %s, want %s", accept, got, want)
		}
	}
}

func TestAVendorChangesOneSentence(t *testing.T) {
	c := load(t, fstest.MapFS{"en/mine.toml": toml("[ui]\nsign-out = \"Leave\"\n[ui.days]\none = \"a day\"\nother = \"{n} days\"")})
	en := c.For(text.English)
	if en.T("ui.sign-out") != "Leave" || en.T("ui.days", "n", 1) != "a day" || c.For(text.German).T("ui.sign-out") != "Abmelden" {
		t.Error("the override did not hold, or held too much")
	}
}

func TestASlipInAnOverrideIsFoundAtStart(t *testing.T) {
	for name, words := range map[string]string{
		"unknown key":         `nonsense = "x"`,
		"unknown placeholder": "[ui]\nmenu = \"{name}\"",
		"open brace":          "[ui]\nmenu = \"{name\"",
		"bare close":          "[ui]\nmenu = \"name}\"",
		"one without other":   "[ui.days]\none = \"a day\"",
		"other without one":   "[ui.days]\nother = \"{n} days\"",
		"number":              "[ui]\nmenu = 3",
		"broken":              "[ui",
	} {
		if _, err := text.Load(fstest.MapFS{"en/mine.toml": toml(words)}); err == nil {
			t.Errorf("%s: loaded", name)
		}
	}
	if _, err := text.Load(fstest.MapFS{"en/a.toml": toml("[ui]\nmenu = \"a\""), "en/b.toml": toml("[ui]\nmenu = \"b\"")}); err == nil {
		t.Error("a key said twice: loaded")
	}
}

func TestPlainWordsCostNoAllocation(t *testing.T) {
	en := load(t, nil).For(text.English)
	if n := testing.AllocsPerRun(100, func() { _ = en.T("ui.sign-out") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
