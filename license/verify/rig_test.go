package verify_test

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"vestibule/license/verify"
)

var update = flag.Bool("update", false, "write testdata/ anew")

// The keys of the tests are the same at every run: their seeds are counted bytes.
func testKey(start byte) ed25519.PrivateKey {
	seed := make([]byte, ed25519.SeedSize)
	for i := range seed {
		seed[i] = start + byte(i)
	}
	return ed25519.NewKeyFromSeed(seed)
}

func currentKey() ed25519.PrivateKey  { return testKey(0x00) }
func nextKey() ed25519.PrivateKey     { return testKey(0x20) }
func strangerKey() ed25519.PrivateKey { return testKey(0x40) }

func public(k ed25519.PrivateKey) verify.PublicKey {
	return verify.NewPublicKey(k.Public().(ed25519.PublicKey))
}

func at(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err) // the tests' own literals
	}
	return t
}

const (
	product = "mag"
	key     = "MAG-E2MA8-6980R-7JEPA-4424A"
)

func device() string { return verify.Fingerprint(product, "serial 4711", "board 0815") }

// evaluation is the licence of the tests: it runs from 16 June to 16 July 2026.
func evaluation() verify.License {
	return verify.License{
		Serial: "0123456789abcdef", License: "01jxvz4m8q2d7k5s3t9w6y1z0b", Key: verify.KeyHash(parsedKey()),
		Product: product, ProductName: "Magnolia Add-On", Organization: "Österreichische Müller & Söhne GmbH", Kind: "evaluation",
		Policy: "01jxvz4m8q2d7k5s3t9w6y1z0c", Edition: "Team", Issued: at("2026-06-16T09:00:00Z"),
		NotBefore: at("2026-06-16T09:00:00Z"), Until: at("2026-07-16T09:00:00Z"), GraceUntil: at("2026-07-23T09:00:00Z"),
		Seats: 25, Devices: 50, Channels: []string{"stable", "preview"}, Features: []string{"export", "api"},
	}
}

func perpetual() verify.License {
	l := evaluation()
	l.Kind, l.Until, l.GraceUntil = "perpetual", time.Time{}, time.Time{}
	l.MaintenanceUntil, l.FileUntil = at("2027-06-16T09:00:00Z"), at("2026-09-16T09:00:00Z")
	return l
}

func bound() verify.License {
	l := evaluation()
	l.Device = device()
	return l
}

func encode(v any) []byte {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err) // only strings, numbers and times
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

func header(k ed25519.PrivateKey) []string {
	return []string{"Product: Magnolia Add-On (mag)", "Organisation: Österreichische Müller & Söhne GmbH", "Serial: 0123456789abcdef", "Key-Id: " + public(k).ID()}
}

func file(l verify.License, k ed25519.PrivateKey) string {
	d := verify.LicenseDocument(header(k), encode(l), public(k).ID())
	return d.Armour(ed25519.Sign(k, d.SignedBytes()))
}

func list(r verify.Revocations, k ed25519.PrivateKey) string {
	if r.Revoked == nil {
		r.Revoked = []verify.Revocation{}
	}
	d := verify.RevocationsDocument([]string{"Key-Id: " + public(k).ID()}, encode(r), public(k).ID())
	return d.Armour(ed25519.Sign(k, d.SignedBytes()))
}

func revocations(number int64, entries ...verify.Revocation) verify.Revocations {
	return verify.Revocations{Number: number, Issued: at("2026-06-20T09:00:00Z"), NextUpdate: at("2026-06-27T09:00:00Z"), Revoked: entries}
}

func code(t testing.TB, l verify.License, k ed25519.PrivateKey) string {
	t.Helper()
	p, ok := verify.Pack(l, parsedKey(), public(k).ID())
	if !ok {
		t.Fatal("the licence does not fit into a code")
	}
	return p.Encode(ed25519.Sign(k, p.SignedBytes(l.Product, parsedKey(), l.Device)))
}

func signature(feed string, k ed25519.PrivateKey) string {
	id := public(k).ID()
	return id + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(k, verify.FeedBytes(id, []byte(feed))))
}

func parsedKey() string {
	parsed, err := verify.ParseKey(key)
	if err != nil {
		panic(err) // the tests' own literal
	}
	return parsed
}

// A memory is a State that can be made to fail.
type memory struct {
	b          []byte
	load, save error
	saved      int
}

func (m *memory) Load() ([]byte, error) { return m.b, m.load }

func (m *memory) Save(b []byte) error {
	if m.save == nil {
		m.b, m.saved = b, m.saved+1
	}
	return m.save
}

var errDisk = errors.New("the disk is away")

// verifier knows both keys, and stands four days after the licence was issued.
func verifier(clock string) *verify.Verifier {
	return &verify.Verifier{
		Keys:    []verify.PublicKey{public(currentKey()), public(nextKey())},
		Product: product, Device: device(),
		Clock: func() time.Time { return at(clock) },
	}
}

// golden compares with a file of testdata/, or writes it.
func golden(t *testing.T, name, text string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	kept, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(kept) != text {
		t.Errorf("%s is not what is made now; -update writes it anew:\n%s\nwant\n%s", name, text, kept)
	}
}
