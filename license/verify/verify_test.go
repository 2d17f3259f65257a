package verify_test

import (
	"crypto/ed25519"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vestibule/license/verify"
)

// documents are the signed texts of testdata/, by file name.
func documents(t *testing.T) map[string]string {
	current, next := currentKey(), nextKey()
	revoked := func(e verify.Revocation) string {
		e.Since, e.Reason = at("2026-06-19T09:00:00Z"), "revoked"
		return list(revocations(7, verify.Revocation{License: "01jxvz4m8q2d7k5s3t9w6y1z0f", Reason: "suspended"}, e), current)
	}
	foreign := revocations(9)
	foreign.Product = "oak"
	short := perpetual()
	short.Device = device()
	return map[string]string{
		"worked.txt":         worked(),
		"evaluation.txt":     file(evaluation(), current),
		"perpetual.txt":      file(perpetual(), current),
		"bound.txt":          file(bound(), current),
		"next-key.txt":       file(evaluation(), next),
		"unknown-key.txt":    file(evaluation(), strangerKey()),
		"list-empty.txt":     list(revocations(6), current),
		"list-licence.txt":   revoked(verify.Revocation{License: evaluation().License}),
		"list-serial.txt":    revoked(verify.Revocation{Serial: evaluation().Serial}),
		"list-key.txt":       revoked(verify.Revocation{Key: evaluation().Key}),
		"list-next-key.txt":  list(revocations(8), next),
		"list-elsewhere.txt": list(foreign, current),
		"code.txt":           code(t, bound(), current) + "\n",
		"code-perpetual.txt": code(t, short, next) + "\n",
		"code-unknown.txt":   code(t, bound(), strangerKey()) + "\n",
	}
}

// worked is the example that docs/licence-file.md goes through.
func workedDocument() verify.Document {
	return verify.LicenseDocument([]string{"Product: Example (exa)", "Key-Id: " + public(currentKey()).ID()},
		[]byte(`{"serial":"0000000000000001","product":"exa","kind":"perpetual","issued":"2026-06-16T09:00:00Z"}`), public(currentKey()).ID())
}

func worked() string {
	d := workedDocument()
	return d.Armour(ed25519.Sign(currentKey(), d.SignedBytes()))
}

// A vector is one check whose end is known. Who writes a verifier in another
// language reads them from testdata/vectors.json.
type vector struct {
	Name    string      `json:"name"`
	File    string      `json:"file,omitempty"`
	Code    string      `json:"code,omitempty"`
	List    string      `json:"list,omitempty"`
	Product string      `json:"product"`
	Device  string      `json:"device,omitempty"`
	Build   time.Time   `json:"build,omitzero"`
	Clock   time.Time   `json:"clock"`
	Want    verify.Code `json:"want"`
}

func vectors() []vector {
	const day = "2026-06-20T09:00:00Z"
	file := func(name, file, clock string, want verify.Code) vector {
		return vector{Name: name, File: file, Product: product, Device: device(), Clock: at(clock), Want: want}
	}
	by := func(name, file, list string, want verify.Code) vector {
		return vector{Name: name, File: file, List: list, Product: product, Device: device(), Clock: at(day), Want: want}
	}
	typed := func(name, code, clock string, want verify.Code) vector {
		return vector{Name: name, Code: code, Product: product, Device: device(), Clock: at(clock), Want: want}
	}
	built := func(name, build string, want verify.Code) vector {
		v := file(name, "perpetual.txt", "2026-08-01T00:00:00Z", want)
		v.Build = at(build)
		return v
	}
	elsewhere := func(v vector, product, device string) vector {
		v.Product, v.Device = product, device
		return v
	}
	return []vector{
		file("in its term", "evaluation.txt", day, verify.Valid),
		file("at its first instant", "evaluation.txt", "2026-06-16T09:00:00Z", verify.Valid),
		file("a clock half an hour slow", "evaluation.txt", "2026-06-16T08:30:00Z", verify.Valid),
		file("a clock two hours before the file was issued", "evaluation.txt", "2026-06-16T07:00:00Z", verify.ClockSetBack),
		file("at the last second", "evaluation.txt", "2026-07-16T08:59:59Z", verify.Valid),
		file("at the end", "evaluation.txt", "2026-07-16T09:00:00Z", verify.InGrace),
		file("at the last second of grace", "evaluation.txt", "2026-07-23T08:59:59Z", verify.InGrace),
		file("at the end of grace", "evaluation.txt", "2026-07-23T09:00:00Z", verify.Expired),
		file("without an end", "perpetual.txt", "2026-09-16T08:59:59Z", verify.Valid),
		file("a file that has served its time", "perpetual.txt", "2026-09-16T09:00:00Z", verify.FileEnded),
		built("a build before the end of maintenance", "2027-06-16T08:59:59Z", verify.Valid),
		built("a build at the end of maintenance", "2027-06-16T09:00:00Z", verify.MaintenanceLapsed),
		file("on its device", "bound.txt", day, verify.Valid),
		elsewhere(file("on another device", "bound.txt", day, verify.WrongDevice), product, verify.Fingerprint(product, "another")),
		elsewhere(file("for another product", "evaluation.txt", day, verify.WrongProduct), "oak", device()),
		file("signed by the next key", "next-key.txt", day, verify.Valid),
		file("signed by a key that is not known", "unknown-key.txt", day, verify.UnknownKey),
		file("a list instead of a licence", "list-empty.txt", day, verify.BadArmour),
		by("a list that names nobody", "evaluation.txt", "list-empty.txt", verify.Valid),
		by("a list by the next key", "evaluation.txt", "list-next-key.txt", verify.Valid),
		by("revoked by its licence", "evaluation.txt", "list-licence.txt", verify.Revoked),
		by("revoked by its serial", "evaluation.txt", "list-serial.txt", verify.Revoked),
		by("revoked by its key", "evaluation.txt", "list-key.txt", verify.Revoked),
		{Name: "a list of last month", File: "evaluation.txt", List: "list-empty.txt", Product: product, Clock: at("2026-06-27T09:00:00Z"), Want: verify.ListTooOld},
		typed("typed, in its term", "code.txt", day, verify.Valid),
		typed("typed, at its end", "code.txt", "2026-07-16T09:00:00Z", verify.InGrace),
		typed("typed, after its grace", "code.txt", "2026-07-23T09:00:00Z", verify.Expired),
		typed("typed, by the next key, without an end", "code-perpetual.txt", day, verify.Valid),
		typed("typed, by a key that is not known", "code-unknown.txt", day, verify.UnknownKey),
		elsewhere(typed("typed on another device", "code.txt", day, verify.WrongDevice), product, verify.Fingerprint(product, "another")),
		elsewhere(typed("typed into another product", "code.txt", day, verify.WrongDevice), "oak", device()),
		{Name: "typed, revoked by its key", Code: "code.txt", List: "list-key.txt", Product: product, Device: device(), Clock: at(day), Want: verify.Revoked},
	}
}

func TestDocumentsAreMadeAsTheyAreKept(t *testing.T) {
	for name, text := range documents(t) {
		golden(t, name, text)
	}
	golden(t, "keys.txt", "current "+public(currentKey()).ID()+" "+public(currentKey()).String()+"\nnext "+public(nextKey()).ID()+" "+public(nextKey()).String()+"\n")
	request, err := verify.Request{Key: key, Device: device()}.Encode()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "request.txt", request+"\n")
	all, err := json.MarshalIndent(vectors(), "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "vectors.json", string(all)+"\n")
}

func TestEveryVectorEndsAsItShould(t *testing.T) {
	var all []vector
	if err := json.Unmarshal(kept(t, "vectors.json"), &all); err != nil {
		t.Fatal(err)
	}
	for _, c := range all {
		t.Run(c.Name, func(t *testing.T) {
			v := verifier(c.Clock.Format(time.RFC3339))
			v.Product, v.Device, v.Build = c.Product, c.Device, c.Build
			if c.List != "" {
				v.Revocations(kept(t, c.List))
			}
			var r verify.Result
			if c.Code != "" {
				r = v.CheckCode(string(kept(t, c.Code)), key)
			} else {
				r = v.Check(kept(t, c.File))
			}
			if r.Code != c.Want || r.OK() != (c.Want == verify.Valid || c.Want == verify.InGrace) {
				t.Errorf("%s, want %s", r.Code, c.Want)
			}
			if r.Code.Explain() == verify.Code("none").Explain() {
				t.Errorf("%s has no explanation", r.Code)
			}
		})
	}
}

func kept(t testing.TB, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWhatAFileSaysIsReadWhole(t *testing.T) {
	r := verifier("2026-06-20T09:00:00Z").Check([]byte(file(bound(), currentKey())))
	if r.Code != verify.Valid || string(encode(r.License)) != string(encode(bound())) || !r.License.Has("api") || r.License.Has("rockets") {
		t.Errorf("%s %+v", r.Code, r.License)
	}
	if !r.At.Equal(at("2026-06-20T09:00:00Z")) {
		t.Errorf("judged at %s", r.At)
	}
}

func TestAFileTravelsAsMailAndNotepadLeaveIt(t *testing.T) {
	text := string(kept(t, "evaluation.txt"))
	for name, changed := range map[string]string{
		"line ends of Windows": strings.ReplaceAll(text, "\n", "\r\n"),
		"a byte order mark":    "\ufeff" + text,
		"empty lines around":   "\n \t\n" + text + "\n\n",
		"no line end at last":  strings.TrimSuffix(text, "\n"),
	} {
		if r := verifier("2026-06-20T09:00:00Z").Check([]byte(changed)); r.Code != verify.Valid {
			t.Errorf("%s: %s", name, r.Code)
		}
	}
}

func TestWhatDoesNotHaveTheFormIsRefused(t *testing.T) {
	text := string(kept(t, "evaluation.txt"))
	lines := strings.Split(text, "\n")
	for name, c := range map[string]struct {
		text string
		want verify.Code
	}{
		"nothing":               {"", verify.BadArmour},
		"only the ends":         {lines[0] + "\n" + lines[len(lines)-2], verify.BadArmour},
		"no gap":                {strings.Replace(text, "\n\n", "\n", 1), verify.BadArmour},
		"words before":          {"Dear Sir,\n" + text, verify.BadArmour},
		"a line of the header":  {strings.Replace(text, lines[1]+"\n", "", 1), verify.BadSignature},
		"another seat count":    {strings.Replace(text, "Organisation: Ö", "Organisation: O", 1), verify.BadSignature},
		"a header too long":     {strings.Replace(text, lines[1], strings.Repeat("A: b\n", 70), 1), verify.BadArmour},
		"another version":       {strings.Replace(text, "v4.public.", "v2.public.", 1), verify.BadArmour},
		"a token without end":   {strings.Replace(text, ".eyJraWQi", "AeyJraWQi", 1), verify.BadArmour},
		"two files in one":      {text + text, verify.BadArmour},
		"more than any file":    {text + strings.Repeat("\n", verify.MaxFile), verify.FileTooLarge},
		"one signed otherwise":  {file(func() verify.License { l := evaluation(); l.Seats = -1; return l }(), currentKey()), verify.BadClaims},
		"one without a product": {file(func() verify.License { l := evaluation(); l.Product = ""; return l }(), currentKey()), verify.BadClaims},
		"one with a long name":  {file(func() verify.License { l := evaluation(); l.Organization = strings.Repeat("x", 5000); return l }(), currentKey()), verify.BadClaims},
	} {
		if r := verifier("2026-06-20T09:00:00Z").Check([]byte(c.text)); r.Code != c.want {
			t.Errorf("%s: %s, want %s", name, r.Code, c.want)
		}
	}
}

func TestAFeedIsCheckedByItsSignature(t *testing.T) {
	const feed = `{"releases":[]}`
	v := verifier("2026-06-20T09:00:00Z")
	good := signature(feed, currentKey())
	for name, c := range map[string]struct {
		feed, signature string
		want            verify.Code
	}{
		"as signed":          {feed, good + "\n", verify.Valid},
		"by the next key":    {feed, signature(feed, nextKey()), verify.Valid},
		"by another key":     {feed, signature(feed, strangerKey()), verify.UnknownKey},
		"changed":            {feed + " ", good, verify.BadSignature},
		"under another name": {feed, public(nextKey()).ID() + good[16:], verify.BadSignature},
		"no signature":       {feed, "", verify.BadArmour},
		"half a signature":   {feed, good[:40], verify.BadArmour},
	} {
		if r := v.Feed([]byte(c.feed), c.signature); r.Code != c.want {
			t.Errorf("%s: %s, want %s", name, r.Code, c.want)
		}
	}
}

func TestAVerifierIsMadeOfKeysAsTheyAreExported(t *testing.T) {
	hex := public(currentKey()).String()
	const pem = "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEAA6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg=\n-----END PUBLIC KEY-----\n"
	v, err := verify.New(product, " "+hex+"\n", pem)
	if err != nil || v.Keys[0].ID() != v.Keys[1].ID() || v.Keys[0].ID() != public(currentKey()).ID() {
		t.Fatalf("%v %v", v, err)
	}
	for name, c := range map[string][]string{"no product": {"", hex}, "no key": {product}, "half a key": {product, hex[:32]}, "no PEM": {product, pem[:60]}, "an RSA key": {product, "-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n"}} {
		if _, err := verify.New(c[0], c[1:]...); err == nil {
			t.Errorf("%s: taken", name)
		}
	}
	empty := &verify.Verifier{Keys: []verify.PublicKey{{}}, Product: product}
	if r := empty.Check(kept(t, "evaluation.txt")); r.Code != verify.UnknownKey {
		t.Errorf("a verifier of an empty key: %s", r.Code)
	}
	if r := empty.CheckCode(string(kept(t, "code.txt")), key); r.Code != verify.UnknownKey {
		t.Errorf("a verifier of an empty key: %s", r.Code)
	}
}
