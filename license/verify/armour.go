package verify

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/json"
	"strings"
)

// The labels stand in the first and the last line, and begin what is signed:
// nothing that was signed as one thing can be taken for another.
const (
	labelLicense     = "VESTIBULE LICENCE"
	labelRevocations = "VESTIBULE REVOCATIONS"
	labelFeed        = "VESTIBULE FEED"
	labelCode        = "VESTIBULE CODE"
)

const (
	tokenHeader = "v4.public."
	maxHeader   = 64 // lines
	armourWidth = 64
	footerStart = `{"kid":"`
	footerEnd   = `"}`
)

// PreAuth joins pieces so that no two lists of pieces are joined alike (PASETO
// version 4, section "Authentication Padding"): the number of pieces, then each
// piece after its length, numbers as 8 bytes, least significant first.
func PreAuth(pieces ...[]byte) []byte {
	out := binary.LittleEndian.AppendUint64(nil, uint64(len(pieces)))
	for _, p := range pieces {
		out = binary.LittleEndian.AppendUint64(out, uint64(len(p)))
		out = append(out, p...)
	}
	return out
}

// A Document is a signed text before it is signed or after it was taken apart:
// a readable header over a PASETO v4.public token.
type Document struct {
	Label   string   // what it is
	Header  []string // lines for people, "Name: value"
	Payload []byte   // JSON
	KeyID   string
}

// LicenseDocument makes the document of a licence, to be signed.
func LicenseDocument(header []string, payload []byte, keyID string) Document {
	return Document{labelLicense, header, payload, keyID}
}

// RevocationsDocument makes the document of a list, to be signed.
func RevocationsDocument(header []string, payload []byte, keyID string) Document {
	return Document{labelRevocations, header, payload, keyID}
}

// SignedBytes is what the signature is made over: the token's, with the label
// and the header as its implicit assertion.
func (d Document) SignedBytes() []byte {
	var implicit strings.Builder
	implicit.WriteString(d.Label + "\n")
	for _, line := range d.Header {
		implicit.WriteString(line + "\n")
	}
	return PreAuth([]byte(tokenHeader), d.Payload, []byte(d.footer()), []byte(implicit.String()))
}

func (d Document) footer() string { return footerStart + d.KeyID + footerEnd }

// Armour writes the document with its signature.
func (d Document) Armour(signature []byte) string {
	b64 := base64.RawURLEncoding
	token := tokenHeader + b64.EncodeToString(append(bytes.Clone(d.Payload), signature...)) + "." + b64.EncodeToString([]byte(d.footer()))
	var b strings.Builder
	b.WriteString("-----BEGIN " + d.Label + "-----\n")
	for _, line := range d.Header {
		b.WriteString(line + "\n")
	}
	b.WriteString("\n")
	for len(token) > 0 {
		n := min(armourWidth, len(token))
		b.WriteString(token[:n] + "\n")
		token = token[n:]
	}
	b.WriteString("-----END " + d.Label + "-----\n")
	return b.String()
}

// takeApart reads an armoured text; ok is false where it does not have the form.
func takeApart(label string, text []byte) (d Document, signature []byte, ok bool) {
	d.Label = label
	lines := strings.Split(strings.TrimPrefix(string(text), "\ufeff"), "\n")
	for i, line := range lines {
		lines[i] = strings.TrimSuffix(line, "\r") // as mail and Windows leave it
	}
	lines = trimBlank(lines)
	if len(lines) < 4 || lines[0] != "-----BEGIN "+label+"-----" || lines[len(lines)-1] != "-----END "+label+"-----" {
		return d, nil, false
	}
	lines = lines[1 : len(lines)-1]
	gap := 0
	for gap < len(lines) && lines[gap] != "" {
		gap++
	}
	if gap == len(lines) || gap > maxHeader {
		return d, nil, false
	}
	d.Header = lines[:gap]
	token, ok := strings.CutPrefix(strings.Join(lines[gap+1:], ""), tokenHeader)
	if !ok {
		return d, nil, false
	}
	body, footer, ok := strings.Cut(token, ".")
	if !ok {
		return d, nil, false
	}
	signed, err := decode(body)
	if err != nil || len(signed) < ed25519.SignatureSize {
		return d, nil, false
	}
	foot, err := decode(footer)
	if err != nil || len(foot) != len(footerStart)+2*keyIDBytes+len(footerEnd) {
		return d, nil, false
	}
	d.KeyID = string(foot[len(footerStart) : len(foot)-len(footerEnd)])
	if d.footer() != string(foot) {
		return d, nil, false
	}
	cut := len(signed) - ed25519.SignatureSize
	d.Payload = signed[:cut]
	return d, signed[cut:], true
}

// decode is strict: of all texts that could mean the same bytes it takes one.
// The standard library passes over line ends, which cannot be in here any more
// but for a lone carriage return.
func decode(s string) ([]byte, error) {
	if strings.ContainsAny(s, "\r\n") {
		return nil, base64.CorruptInputError(0)
	}
	return base64.RawURLEncoding.Strict().DecodeString(s)
}

func trimBlank(lines []string) []string {
	blank := func(s string) bool { return strings.Trim(s, " \t") == "" }
	for len(lines) > 0 && blank(lines[0]) {
		lines = lines[1:]
	}
	for len(lines) > 0 && blank(lines[len(lines)-1]) {
		lines = lines[:len(lines)-1]
	}
	return lines
}

// open checks form and signature of an armoured text and reads what it says.
func (v *Verifier) open(label string, text []byte, limit int, into any) Code {
	if len(text) > limit {
		return FileTooLarge
	}
	d, signature, ok := takeApart(label, text)
	if !ok {
		return BadArmour
	}
	key, ok := v.key(d.KeyID)
	if !ok {
		return UnknownKey
	}
	if !ed25519.Verify(key.raw, d.SignedBytes(), signature) {
		return BadSignature
	}
	if err := json.Unmarshal(d.Payload, into); err != nil {
		return BadClaims
	}
	return Valid
}

// FeedBytes is what the signature of a release feed is made over: the label,
// the key's id, and the feed as it is served.
func FeedBytes(keyID string, feed []byte) []byte {
	return PreAuth([]byte(labelFeed), []byte(keyID), feed)
}

// Feed checks the detached signature of a release feed: "key id.signature", the
// signature in base64url without padding.
func (v *Verifier) Feed(feed []byte, signature string) Result {
	id, encoded, ok := strings.Cut(strings.TrimSpace(signature), ".")
	if !ok {
		return Result{Code: BadArmour}
	}
	raw, err := decode(encoded)
	if err != nil || len(raw) != ed25519.SignatureSize {
		return Result{Code: BadArmour}
	}
	key, ok := v.key(id)
	switch {
	case !ok:
		return Result{Code: UnknownKey}
	case !ed25519.Verify(key.raw, FeedBytes(id, feed), raw):
		return Result{Code: BadSignature}
	}
	return Result{Code: Valid}
}
