package verify

import (
	"strings"
	"unicode"
)

const (
	groupData = 5 // symbols before the check symbol
	groupLen  = groupData + 1
	maxGroups = 160
	maxTyped  = 4 << 10
)

// EncodeGroups writes bytes as groups of six symbols of Crockford's base32,
// joined by dashes. The sixth symbol of a group is its check: it finds every
// wrong symbol, every two that changed places, and a group in another's place.
// The bits are filled up with zeros to whole groups.
func EncodeGroups(b []byte) string {
	r := bitReader{b: b}
	var out strings.Builder
	for g := 0; !r.done(); g++ {
		if g > 0 {
			out.WriteByte('-')
		}
		check := groupStart(g)
		for range groupData {
			s := r.take(5)
			check = double(check) ^ s
			out.WriteByte(alphabet[s])
		}
		out.WriteByte(alphabet[double(check)])
	}
	return out.String()
}

// DecodeGroups reads groups as a person typed them: case, spaces, line ends and
// dashes do not matter, O is read as 0, I and L as 1. It returns the bytes with
// what was filled up at their end; at least four. An error is a *CodeError.
func DecodeGroups(typed string) ([]byte, error) {
	if len(typed) > maxTyped {
		return nil, &CodeError{Code: CodeLong}
	}
	var w bitWriter
	n, check := 0, uint(0)
	for _, r := range typed {
		if unicode.IsSpace(r) || unicode.Is(unicode.Pd, r) || r == '\u2212' || r == '_' {
			continue
		}
		group := n / groupLen
		if group >= maxGroups {
			return nil, &CodeError{Code: CodeLong}
		}
		c, ok := plain(r)
		s := strings.IndexByte(alphabet, c)
		if !ok || s < 0 {
			return nil, &CodeError{CodeCharacter, group + 1}
		}
		if n%groupLen == 0 {
			check = groupStart(group)
		}
		check = double(check) ^ uint(s)
		if n%groupLen < groupData {
			w.put(uint(s), 5)
		} else if check != 0 {
			return nil, &CodeError{CodeGroup, group + 1}
		}
		n++
	}
	if n == 0 || n%groupLen != 0 {
		return nil, &CodeError{CodeShort, n/groupLen + 1}
	}
	return w.b, nil
}

// groupStart makes a group know its place, from 0.
func groupStart(g int) uint { return uint(1 + g%31) }

// double multiplies by x in the field of 32 elements modulo x⁵+x²+1, where x
// generates all others: every place in a group has a weight of its own.
func double(v uint) uint {
	v <<= 1
	if v > 31 {
		v ^= 0b100101
	}
	return v
}

// A bitWriter collects bits, the most significant first.
type bitWriter struct {
	b    []byte
	free uint // bits that are free in the last byte
}

func (w *bitWriter) put(v, bits uint) {
	for i := int(bits) - 1; i >= 0; i-- {
		if w.free == 0 {
			w.b, w.free = append(w.b, 0), 8
		}
		w.free--
		w.b[len(w.b)-1] |= byte(v>>uint(i)&1) << w.free
	}
}

func (w *bitWriter) bytes() []byte { return w.b }

// measure says whether b, as DecodeGroups returned it, is as long as groups with
// n bytes are, and filled up with zeros.
func measure(b []byte, n int) Code {
	groups := (8*n + 5*groupData - 1) / (5 * groupData)
	want := (5*groupData*groups + 7) / 8
	switch {
	case len(b) < want:
		return CodeShort
	case len(b) > want || strings.Trim(string(b[n:]), "\x00") != "":
		return BadCode
	}
	return Valid
}

// A bitReader gives bits, and zeros after the end.
type bitReader struct {
	b  []byte
	at int
}

func (r *bitReader) done() bool { return r.at >= 8*len(r.b) }

func (r *bitReader) take(bits int) uint {
	v := uint(0)
	for range bits {
		v <<= 1
		if !r.done() {
			v |= uint(r.b[r.at/8]>>(7-r.at%8)) & 1
		}
		r.at++
	}
	return v
}
