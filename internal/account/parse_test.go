package account_test

import (
	"strings"
	"testing"
	"time"

	"vestibule/internal/account"
	"vestibule/internal/fault"
)

// asvs: V1.1.1
func TestAnAddressIsKeptAsTypedAndComparedByItsKey(t *testing.T) {
	for typed, key := range map[string]string{
		" Marta.Ellison@HarbourVale.example ": "marta.ellison@harbourvale.example",
		"zoe+portal@münchen.example":          "zoe+portal@xn--mnchen-3ya.example",
		"ZOE@MÜNCHEN.example":                 "zoe@xn--mnchen-3ya.example",
		"o'brien@a-b.co.uk":                   "o'brien@a-b.co.uk",
		"x@例え.jp":                             "x@xn--r8jz45g.jp",
	} {
		e, err := account.ParseEmail(typed)
		if err != nil || e.Key != key || e.Typed != strings.TrimSpace(typed) || !strings.HasSuffix(e.Key, "@"+e.Domain) {
			t.Errorf("%q: got %+v, %v", typed, e, err)
		}
	}
	for typed, code := range map[string]string{
		"": "email-empty", "   ": "email-empty", "marta": "email-shape", "@x.example": "email-shape", "a@": "email-shape", "a@b": "email-shape",
		"a..b@x.example": "email-shape", ".a@x.example": "email-shape", "a@x..example": "email-shape", "a@-x.example": "email-shape",
		"a b@x.example": "email-shape", "a@b@x.example": "email-shape", `"a"@x.example`: "email-shape", "a@[192.0.2.1]": "email-shape",
		"a@192.0.2.1": "email-shape", "a\r\nBcc: b@x.example": "email-shape", "a@x.example\u202e": "email-shape", "Marta <a@x.example>": "email-shape",
		"zoë@x.example": "email-letters", "a@p\u0430ypal.example": "email-mixed", "a@xn--pypal-4ve.example": "email-mixed",
		strings.Repeat("a", 65) + "@x.example": "email-local-long", strings.Repeat("a", 100_000) + "@x.example": "email-long",
		"a@" + strings.Repeat("x.", 130) + "example": "email-shape",
	} {
		if _, err := account.ParseEmail(typed); !fault.Code(err, code) || fault.From(err).Field != "email" {
			t.Errorf("%.60q: got %v, want %s", typed, err, code)
		}
	}
	if e, err := account.ParseEmail("a@\u0440\u0430\u0443.example"); err != nil || !e.LookAlike {
		t.Errorf("a domain that only looks Latin is not told: %+v %v", e, err)
	}
	if e, err := account.ParseEmail("a@münchen.example"); err != nil || e.LookAlike {
		t.Errorf("an umlaut is taken for a look-alike: %+v %v", e, err)
	}
}

// asvs: V2.2.3
func TestAMobileNumberBecomesE164OrSaysWhyNot(t *testing.T) {
	for in, want := range map[[2]string]string{
		{"GB", "07700 900123"}: "+447700900123", {"GB", "7700 900123"}: "+447700900123", {"DE", "0151/234 567-89"}: "+4915123456789",
		{"ZA", "082 123 4567"}: "+27821234567", {"US", "(415) 555-2671"}: "+14155552671", {"GB", "+27 82 123 4567"}: "+27821234567",
		{"de", "0027821234567"}: "+27821234567", {"CN", "138 0013 8000"}: "+8613800138000", {"DE", "٠١٥١٢٣٤٥٦٧٨٩"}: "+4915123456789",
	} {
		if got, err := account.ParseMobile(in[0], in[1]); got != want || err != nil {
			t.Errorf("%v: got %q, %v", in, got, err)
		}
	}
	for in, code := range map[[2]string]string{
		{"GB", ""}: "mobile-empty", {"GB", "call me"}: "mobile-shape", {"GB", "0"}: "mobile-shape", {"XX", "0151 23456789"}: "mobile-country",
		{"", "0151 23456789"}: "mobile-country", {"GB", "12"}: "mobile-short", {"GB", "07700 900123 456"}: "mobile-long", {"DE", "030 123456"}: "mobile-fixed",
		{"US", "415 055 0100"}: "mobile-impossible", {"GB", strings.Repeat("1", 1000)}: "mobile-long", {"GB", "07700900123;drop"}: "mobile-shape",
		{"GB", "0800 123456"}: "mobile-fixed",
	} {
		if _, err := account.ParseMobile(in[0], in[1]); !fault.Code(err, code) {
			t.Errorf("%.40v: got %v, want %s", in, err, code)
		}
	}
	if m := account.MaskMobile("+447700900123"); m != "+44 77•• •••123" {
		t.Error(m)
	}
	if account.MaskMobile("") != "•••" || strings.Contains(account.MaskMobile("+290512"), "512") {
		t.Error("a short number shows")
	}
	if c, n := account.MobileParts("+447700900123"); c != "GB" || n != "07700 900123" {
		t.Error(c, n)
	}
	if c, n := account.MobileParts(""); c != "" || n != "" {
		t.Error(c, n)
	}
}

// asvs: V2.2.1
func TestNamesHoldNeitherLinksNorWhatCannotBeSeen(t *testing.T) {
	for in, want := range map[string]string{
		" Zoë ": "Zoë", "O'Brien": "O'Brien", "李雷": "李雷", "Mary  Jane": "Mary Jane", "J. R. R.": "J. R. R.", "von der Leyen-Müller": "von der Leyen-Müller",
		"Zoe\u0308": "Zoë", "St. John": "St. John", "می\u200cخواهم": "می\u200cخواهم",
	} {
		if got, err := account.ParseName(in); got != want || err != nil {
			t.Errorf("%q: got %q, %v", in, got, err)
		}
	}
	for in, code := range map[string]string{
		"": "name-empty", " \t ": "name-empty", strings.Repeat("x", 81): "name-long", strings.Repeat("x", 1<<20): "name-long", "a\u202eb": "name-control",
		"a\x00b": "name-control", "a\nb": "name-control", "a\u200bb": "name-control", "\xff": "name-control", "http://x": "name-url", "www.evil": "name-url",
		"win at evil.com": "name-url", "https://evil.com/<x>": "name-url", "<script>": "name-characters", "12345": "name-characters", "me@x": "name-characters",
	} {
		if _, err := account.ParseName(in); !fault.Code(err, code) {
			t.Errorf("%.40q: got %v, want %s", in, err, code)
		}
	}
	for _, good := range []string{"Booking.com B.V.", "A/S Nord", "3M", "Harbour Vale Council", "booking.com", "AT&T Inc./Bell"} {
		if got, err := account.ParseOrganization(good); got != good || err != nil {
			t.Errorf("%q: got %q, %v", good, got, err)
		}
	}
	for in, code := range map[string]string{
		"see https://x.example": "name-url", "Account locked, verify at evil.com/login": "name-url", "evil.example?x=1": "name-url",
		"evil.example:8080": "name-url", "write to a@evil.example": "name-url", "<b>": "name-characters", "!!": "name-characters", "": "name-empty"} {
		if _, err := account.ParseOrganization(in); !fault.Code(err, code) {
			t.Errorf("%q: got %v, want %s", in, err, code)
		}
	}
}

func TestUserIDsAreMadeOfNamesInAnyScript(t *testing.T) {
	for in, want := range map[[3]string]string{
		{"", "Marta", "Ellison"}: "mellison", {"", "Zoë", "Müller"}: "zmueller", {"", "Sean", "O'Brien"}: "sobrien", {"", "雷", "李"}: "雷李",
		{"", "Anna-Lena", "von der Heide"}: "avonderheide", {"", "Łukasz", "Żółć"}: "lzolc", {"", "Иван", "Петров"}: "ипетров", {"", "!!!", "???"}: "user",
		{"{first}.{last}", "Marta", "Ellison"}: "marta.ellison", {"{l}{first}", "Marta", "Ellison"}: "emarta",
		{"", strings.Repeat("x", 500), strings.Repeat("y", 500)}: "x" + strings.Repeat("y", 31),
	} {
		if got := account.Pattern(in[0]).UserID(in[1], in[2]); got != want {
			t.Errorf("%.60v: got %q, want %q", in, got, want)
		}
	}
	if account.UserIDKey("MEllison ") != account.UserIDKey("mellison") {
		t.Error("case tells UserIDs apart")
	}
	if account.UserIDKey("m\u0435llison") != account.UserIDKey("mellison") {
		t.Error("a Cyrillic letter makes another UserID")
	}
	for _, bad := range []string{"", "a b", "a\x00", strings.Repeat("x", 1000)} {
		if k := account.UserIDKey(bad); k != "" {
			t.Errorf("%.20q has the key %q", bad, k)
		}
	}
	for _, bad := range []string{"", "x", "{nobody}", "{f} {last}", "{f}{oops}"} {
		if _, err := account.ParsePattern(bad); !fault.Code(err, "user-id-pattern") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if p, err := account.ParsePattern("{first}.{last}"); err != nil || p == "" {
		t.Error(err)
	}
}

func TestCountriesHaveNamesAndDiallingCodes(t *testing.T) {
	names := map[string]string{}
	for _, c := range account.Countries("de") {
		names[c.Code] = c.Name + " " + c.Dial
	}
	if len(names) < 200 || names["AT"] != "Österreich +43" || !account.IsCountry("AT") || account.IsCountry("XX") {
		t.Errorf("%d countries, AT is %q", len(names), names["AT"])
	}
	if en, de := account.CountryName("IE", "en"), account.CountryName("IE", "de"); en != "Ireland" || de != "Irland" || account.CountryName("XX", "en") != "XX" {
		t.Errorf("IE is %q, %q", en, de)
	}
}

func words(q string) string {
	return map[string]string{"first-dish": "What was the first dish you learned to cook?", "first-job": "What did you do in your first job?"}[q]
}

func TestAnswersAreJudgedAsTheRulesSay(t *testing.T) {
	good := []account.Choice{
		{Question: "first-dish", Answer: "burnt leek pie"}, {Question: "first-job", Answer: "sold ice in winter"},
		{Own: "What did we call the boat?", Answer: "tin whistle"},
	}
	if err := account.JudgeChoices(good, words); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func([]account.Choice)
		field  string
		code   string
	}{
		"no question":        {func(c []account.Choice) { c[0].Question = "" }, "q1", "question-empty"},
		"a made-up question": {func(c []account.Choice) { c[0].Question = "nonsense" }, "q1", "question-unknown"},
		"the same question":  {func(c []account.Choice) { c[1].Question = "first-dish" }, "q2", "question-same"},
		"an own one alike":   {func(c []account.Choice) { c[2].Own = "what was the FIRST dish you learned to cook?" }, "own3", "question-same"},
		"a short own one":    {func(c []account.Choice) { c[2].Own = "Boat?" }, "own3", "question-short"},
		"a long own one":     {func(c []account.Choice) { c[2].Own = strings.Repeat("x", 161) }, "own3", "question-long"},
		"hidden characters":  {func(c []account.Choice) { c[2].Own = "What is\u202e this boat?" }, "own3", "name-control"},
		"no answer":          {func(c []account.Choice) { c[0].Answer = "  " }, "a1", "answer-empty"},
		"a short answer":     {func(c []account.Choice) { c[0].Answer = "a b c" }, "a1", "answer-short"},
		"a long answer":      {func(c []account.Choice) { c[0].Answer = strings.Repeat("x", 201) }, "a1", "answer-long"},
		"from the question":  {func(c []account.Choice) { c[0].Answer = "First  DISH" }, "a1", "answer-in-question"},
		"a common answer":    {func(c []account.Choice) { c[0].Answer = "Pizza" }, "a1", "answer-common"},
		"the same answer":    {func(c []account.Choice) { c[1].Answer = "BURNT LEEKPIE" }, "a2", "answer-same"},
	} {
		choices := append([]account.Choice(nil), good...)
		c.change(choices)
		err := account.JudgeChoices(choices, words)
		if !fault.Code(err, c.code) || fault.From(err).Field != c.field {
			t.Errorf("%s: got %v", name, err)
		}
	}
	if err := account.JudgeChoices(nil, words); len(fault.From(err).Fields) != 6 {
		t.Errorf("nothing given: %v", err)
	}
	if account.NormalAnswer(" Straße  Ａ ") != account.NormalAnswer("STRASSE a") {
		t.Error("case, width or spacing tells answers apart")
	}
}

func TestTermsFallBackToALanguageThatThereIs(t *testing.T) {
	terms := account.Terms{Version: "1", Since: time.Time{}, Text: map[string]string{"en": "yes", "de": "ja"}}
	if s, l := terms.In("de"); s != "ja" || l != "de" {
		t.Error(s, l)
	}
	if s, l := terms.In("fr"); s != "yes" || l != "en" {
		t.Error(s, l)
	}
	if terms.Hash("de") == terms.Hash("en") || terms.Hash("fr") != terms.Hash("en") {
		t.Error("the hash does not name the text")
	}
	only := account.Terms{Text: map[string]string{"de": "ja"}}
	if s, _ := only.In("en"); s != "ja" {
		t.Error(s)
	}
	if s, _ := (account.Terms{}).In("en"); s != "" {
		t.Error(s)
	}
}

func FuzzParseEmail(f *testing.F) {
	for _, s := range []string{"a@b.example", "ä@ö.example", "a@xn--a.example", "\x00@\xff", "a@" + strings.Repeat("x", 300)} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		e, err := account.ParseEmail(s)
		if err != nil {
			return
		}
		again, err := account.ParseEmail(e.Key)
		if err != nil || again.Key != e.Key {
			t.Fatalf("the key %q of %q is read as %q, %v", e.Key, s, again.Key, err)
		}
	})
}

func FuzzParseMobile(f *testing.F) {
	f.Add("GB", "07700 900123")
	f.Add("", "+1 415 555 2671")
	f.Fuzz(func(t *testing.T, country, number string) {
		e, err := account.ParseMobile(country, number)
		if err != nil {
			return
		}
		if again, err := account.ParseMobile("", e); err != nil || again != e {
			t.Fatalf("%q is read as %q, %v", e, again, err)
		}
		account.MaskMobile(e)
	})
}

func FuzzParseName(f *testing.F) {
	f.Add("Zoë Müller")
	f.Fuzz(func(t *testing.T, s string) {
		if n, err := account.ParseName(s); err == nil {
			if again, err := account.ParseName(n); err != nil || again != n {
				t.Fatalf("%q is read as %q, %v", n, again, err)
			}
		}
		account.DefaultPattern.UserID(s, s)
	})
}
