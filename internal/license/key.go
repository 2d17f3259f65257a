package license

import (
	"strconv"
	"strings"
	"unicode"

	"vestibule/internal/fault"
	"vestibule/internal/secret"
)

// A Key is a licence key in its canonical form: the product's prefix, then
// twenty symbols of Crockford's base32, without dashes. It identifies a
// licence; it proves nothing.
//
// Eighteen symbols are drawn at random (90 bits), two are a check over the
// prefix and the eighteen. The check finds every single wrong symbol and every
// two symbols that changed places; a random string passes once in 1,021.
type Key string

const (
	alphabet     = "0123456789ABCDEFGHJKMNPQRSTVWXYZ" // Crockford's base32: no I, L, O, U
	bodyLength   = 20
	drawn        = bodyLength - 2
	groupLength  = 5
	prefixMin    = 2
	prefixMax    = 6
	checkModulus = 1021 // the largest prime under 32², so that every check fits two symbols
	typedMax     = 80   // longer than any key with the most generous spacing
)

// NewKey draws a key for a product whose prefix is given. The prefix must be
// one that ValidPrefix accepts.
func NewKey(src secret.Source, prefix string) Key {
	body := make([]byte, drawn)
	for i, b := range src.Bytes(drawn) {
		body[i] = alphabet[b&31] // 256 is a multiple of 32: every symbol is equally likely
	}
	return Key(prefix + string(body) + checkOf(prefix, string(body)))
}

// ValidPrefix says whether p can begin a product's keys: two to six capital
// letters and digits, the first a letter.
func ValidPrefix(p string) bool {
	if len(p) < prefixMin || len(p) > prefixMax || p[0] < 'A' || p[0] > 'Z' {
		return false
	}
	for i := range len(p) {
		if !isPlain(p[i]) {
			return false
		}
	}
	return true
}

// String shows the key as people read it: PREFIX-XXXXX-XXXXX-XXXXX-XXXXX.
func (k Key) String() string {
	prefix, body := k.parts()
	var b strings.Builder
	b.WriteString(prefix)
	for i := 0; i < len(body); i += groupLength {
		b.WriteByte('-')
		b.WriteString(body[i:min(i+groupLength, len(body))])
	}
	return b.String()
}

// Lookup is the form by which keys are compared and stored for finding: what
// people mistake for each other is folded in the prefix as well.
func (k Key) Lookup() string {
	prefix, body := k.parts()
	return fold(prefix) + body
}

func (k Key) parts() (prefix, body string) {
	cut := max(len(k)-bodyLength, 0)
	return string(k[:cut]), string(k[cut:])
}

// ParseKey reads a key as a person types it: case, spaces and dashes do not
// matter, and O is read as 0, I and L as 1. The result is canonical, with its
// prefix folded alike; compare by Lookup.
//
// What is wrong is told as Invalid on the field "key": "key-character" with
// the position (counted in what was typed, from 1), "key-short", "key-long",
// or "key-check" when all symbols are possible and yet do not belong together.
func ParseKey(typed string) (Key, error) {
	if len(typed) > typedMax {
		return "", fault.OnField("key", "key-long")
	}
	symbols := make([]byte, 0, prefixMax+bodyLength)
	positions := make([]int, 0, prefixMax+bodyLength)
	position := 0
	for _, r := range typed {
		position++
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == '\u2212' || r == '_' {
			continue
		}
		if r >= 'a' && r <= 'z' {
			r -= 'a' - 'A'
		}
		if r > unicode.MaxASCII || !isPlain(byte(r)) {
			return "", badCharacter(position)
		}
		symbols = append(symbols, foldByte(byte(r)))
		positions = append(positions, position)
	}
	if len(symbols) < prefixMin+bodyLength {
		return "", fault.OnField("key", "key-short")
	}
	if len(symbols) > prefixMax+bodyLength {
		return "", fault.OnField("key", "key-long")
	}
	cut := len(symbols) - bodyLength
	for i, c := range symbols[cut:] {
		if strings.IndexByte(alphabet, c) < 0 {
			return "", badCharacter(positions[cut+i])
		}
	}
	prefix, body := string(symbols[:cut]), string(symbols[cut:])
	if checkOf(prefix, body[:drawn]) != body[drawn:] {
		return "", fault.OnField("key", "key-check")
	}
	return Key(prefix + body), nil
}

func badCharacter(position int) error {
	e := fault.OnField("key", "key-character")
	e.Args = map[string]string{"position": strconv.Itoa(position)}
	return e
}

// checkOf computes the two check symbols. Each place has a weight of its own,
// so that symbols which change places change the sum; the weights avoid the
// two values at which an exchange with a check symbol would go unnoticed.
func checkOf(prefix, body string) string {
	sum, weight := 0, 1
	next := func(value int) {
		for {
			weight = weight * 10 % checkModulus // 10 generates the whole group modulo 1021
			if weight != checkModulus-1 && weight != checkModulus-len(alphabet) {
				break
			}
		}
		sum = (sum + value*weight) % checkModulus
	}
	for i := range drawn {
		next(strings.IndexByte(alphabet, body[i]))
	}
	for i := range len(prefix) {
		next(plainValue(foldByte(prefix[i])))
	}
	return string([]byte{alphabet[sum/len(alphabet)], alphabet[sum%len(alphabet)]})
}

func isPlain(c byte) bool { return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' }

func plainValue(c byte) int {
	if c <= '9' {
		return int(c - '0')
	}
	return int(c-'A') + 10
}

func fold(s string) string {
	b := []byte(s)
	for i, c := range b {
		b[i] = foldByte(c)
	}
	return string(b)
}

// foldByte reads letters that look like digits as those digits.
func foldByte(c byte) byte {
	switch c {
	case 'O':
		return '0'
	case 'I', 'L':
		return '1'
	}
	return c
}
