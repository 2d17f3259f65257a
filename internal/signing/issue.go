package signing

import (
	"bytes"
	"crypto/ed25519"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"vestibule/internal/db"
	"vestibule/internal/fault"
	"vestibule/license/verify"
)

// An Issued is something signed.
type Issued struct {
	Text   string // the armoured file, or the typed groups
	Serial string // of a licence file or code: 16 hexadecimal digits
	KeyID  string // of the key that signed
}

// License is what the portal says in a file or a code. Serial is drawn and
// Issued set when it is issued; times are cut to whole seconds, and an end is
// never made later by that.
type License = verify.License

// Revocations is a list to be signed. Number is the caller's: it must go up
// from list to list. Issued is set; entries are sorted.
type Revocations = verify.Revocations

// IssueLicense signs a licence file. It changes nothing in the database.
func (k *Keys) IssueLicense(tx *db.Tx, l License) (Issued, error) {
	id, private, err := k.signer(tx)
	if err != nil {
		return Issued{}, err
	}
	l = k.stamped(tx, l)
	payload, err := encode(l)
	if err != nil {
		return Issued{}, err
	}
	d := verify.LicenseDocument(licenseHeader(l, id), payload, id)
	text := d.Armour(ed25519.Sign(private, d.SignedBytes()))
	if len(text) > verify.MaxFile {
		return Issued{}, fmt.Errorf("signing: a licence file of %d bytes", len(text))
	}
	return Issued{Text: text, Serial: l.Serial, KeyID: id}, nil
}

// IssueRevocations signs a list of what is revoked. It changes nothing in the
// database.
func (k *Keys) IssueRevocations(tx *db.Tx, r Revocations) (Issued, error) {
	id, private, err := k.signer(tx)
	if err != nil {
		return Issued{}, err
	}
	r.Issued, r.NextUpdate = second(tx.Now()), second(r.NextUpdate)
	r.Revoked = slices.Clone(r.Revoked)
	for i := range r.Revoked {
		r.Revoked[i].Since = second(r.Revoked[i].Since)
	}
	slices.SortFunc(r.Revoked, func(a, b verify.Revocation) int {
		return strings.Compare(a.License+"\x00"+a.Serial+"\x00"+a.Key, b.License+"\x00"+b.Serial+"\x00"+b.Key)
	})
	if r.Revoked == nil {
		r.Revoked = []verify.Revocation{}
	}
	payload, err := encode(r)
	if err != nil {
		return Issued{}, err
	}
	header := lines(
		[2]string{"Number", strconv.FormatInt(r.Number, 10)},
		[2]string{"Product", r.Product},
		[2]string{"Entries", strconv.Itoa(len(r.Revoked))},
		[2]string{"Issued", date(r.Issued)},
		[2]string{"Next-Update", date(r.NextUpdate)},
		[2]string{"Key-Id", id},
	)
	d := verify.RevocationsDocument(header, payload, id)
	text := d.Armour(ed25519.Sign(private, d.SignedBytes()))
	if len(text) > verify.MaxList {
		return Issued{}, fmt.Errorf("signing: a revocation list of %d bytes", len(text))
	}
	return Issued{Text: text, KeyID: id}, nil
}

// IssueCode answers a device's request code: an activation code in typed groups
// for the request's key and device. A licence that does not fit into a code is
// Invalid "code-too-long": it wants a file. It changes nothing in the database.
func (k *Keys) IssueCode(tx *db.Tx, q verify.Request, l License) (Issued, error) {
	id, private, err := k.signer(tx)
	if err != nil {
		return Issued{}, err
	}
	l = k.stamped(tx, l)
	l.Device = q.Device
	p, ok := verify.Pack(l, q.Key, id)
	if !ok {
		return Issued{}, fault.New(fault.Invalid, "code-too-long")
	}
	signature := ed25519.Sign(private, p.SignedBytes(l.Product, q.Key, q.Device))
	return Issued{Text: p.Encode(signature), Serial: l.Serial, KeyID: id}, nil
}

// SignFeed signs a release feed as it is served and returns the detached
// signature, "key id.base64url"; verify's Feed checks it.
func (k *Keys) SignFeed(tx *db.Tx, feed []byte) (string, error) {
	id, private, err := k.signer(tx)
	if err != nil {
		return "", err
	}
	return id + "." + base64.RawURLEncoding.EncodeToString(ed25519.Sign(private, verify.FeedBytes(id, feed))), nil
}

func (k *Keys) stamped(tx *db.Tx, l License) License {
	l.Serial, l.Issued = k.serial(), second(tx.Now())
	for _, t := range []*time.Time{&l.NotBefore, &l.Until, &l.GraceUntil, &l.MaintenanceUntil, &l.FileUntil} {
		*t = second(*t)
	}
	return l
}

func second(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	return bytes.TrimSuffix(b.Bytes(), []byte("\n")), nil
}

// licenseHeader is what people read at the head of a file. It is covered by the
// signature; programs read the claims.
func licenseHeader(l License, keyID string) []string {
	product := l.Product
	if l.ProductName != "" {
		product = l.ProductName + " (" + l.Product + ")"
	}
	until := "without end"
	if !l.Until.IsZero() {
		until = date(l.Until)
	}
	seats := ""
	if l.Seats > 0 {
		seats = strconv.Itoa(l.Seats)
	}
	return lines(
		[2]string{"Product", product},
		[2]string{"Organisation", l.Organization},
		[2]string{"Licence", l.License},
		[2]string{"Kind", l.Kind},
		[2]string{"Edition", l.Edition},
		[2]string{"Valid-From", date(l.NotBefore)},
		[2]string{"Valid-Until", until},
		[2]string{"Grace-Until", date(l.GraceUntil)},
		[2]string{"Maintenance-Until", date(l.MaintenanceUntil)},
		[2]string{"Seats", seats},
		[2]string{"Features", strings.Join(l.Features, " ")},
		[2]string{"Device", l.Device},
		[2]string{"File-Until", date(l.FileUntil)},
		[2]string{"Issued", date(l.Issued)},
		[2]string{"Serial", l.Serial},
		[2]string{"Key-Id", keyID},
	)
}

// lines writes names and values; what has no value is left out.
func lines(pairs ...[2]string) (out []string) {
	for _, p := range pairs {
		if v := oneLine(p[1]); v != "" {
			out = append(out, p[0]+": "+v)
		}
	}
	return out
}

const longest = 200 // characters of a header's value

// oneLine keeps a value from being read as more lines than it is, or in another
// order than it was written.
func oneLine(s string) string {
	s = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || unicode.Is(unicode.Zl, r) || unicode.Is(unicode.Zp, r) || r == unicode.ReplacementChar {
			return ' '
		}
		return r
	}, s)
	if r := []rune(s); len(r) > longest {
		s = string(r[:longest])
	}
	return strings.TrimSpace(s)
}

func date(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05Z")
}
