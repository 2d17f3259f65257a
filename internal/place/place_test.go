package place_test

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"vestibule/internal/place"
)

// A pair keeps the order of a map's keys.
type pair struct {
	key   string
	value any
}

// write is a value of the data section (MaxMind DB File Format 2.0).
func write(b *bytes.Buffer, v any) {
	switch v := v.(type) {
	case string:
		b.WriteByte(2<<5 | byte(len(v))) // all shorter than 29
		b.WriteString(v)
	case uint16:
		b.Write([]byte{5<<5 | 2, byte(v >> 8), byte(v)})
	case uint32:
		b.Write([]byte{6<<5 | 4, byte(v >> 24), byte(v >> 16), byte(v >> 8), byte(v)})
	case []string:
		b.Write([]byte{byte(len(v)), 11 - 7})
		for _, s := range v {
			write(b, s)
		}
	case []pair:
		b.WriteByte(7<<5 | byte(len(v)))
		for _, p := range v {
			write(b, p.key)
			write(b, p.value)
		}
	default:
		panic("no such type here")
	}
}

// city is a file that knows 192.0.2.0/24.
func city(record []pair) []byte {
	const depth, nodes = 24, 24
	network := [3]byte{192, 0, 2}
	var file bytes.Buffer
	for i := range depth {
		next := uint32(i + 1)
		if i == depth-1 {
			next = nodes + 16 // the first value of the data section
		}
		sides := [2]uint32{nodes, nodes} // "nothing is known"
		sides[network[i/8]>>(7-i%8)&1] = next
		for _, s := range sides {
			file.Write([]byte{byte(s >> 16), byte(s >> 8), byte(s)})
		}
	}
	file.Write(make([]byte, 16))
	write(&file, record)
	file.WriteString("\xab\xcd\xefMaxMind.com")
	write(&file, []pair{
		{"binary_format_major_version", uint16(2)}, {"binary_format_minor_version", uint16(0)}, {"build_epoch", uint32(1)},
		{"database_type", "City"}, {"description", []pair{{"en", "test"}}}, {"ip_version", uint16(4)}, {"languages", []string{"en", "de"}},
		{"node_count", uint32(nodes)}, {"record_size", uint16(24)},
	})
	return file.Bytes()
}

func open(t *testing.T, data []byte) *place.Places {
	t.Helper()
	name := filepath.Join(t.TempDir(), "city.mmdb")
	if err := os.WriteFile(name, data, 0o600); err != nil {
		t.Fatal(err)
	}
	p, err := place.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestAPlaceIsSaidInTheLanguageOrInEnglish(t *testing.T) {
	p := open(t, city([]pair{
		{"city", []pair{{"names", []pair{{"en", "Bristol"}}}}},
		{"country", []pair{{"names", []pair{{"de", "Vereinigtes K."}, {"en", "United Kingdom"}}}}},
	}))
	for _, one := range [][3]string{
		{"192.0.2.7", "en", "Bristol, United Kingdom"}, {"192.0.2.7", "de", "Bristol, Vereinigtes K."}, {"::ffff:192.0.2.7", "fr", "Bristol, United Kingdom"},
		{"192.0.3.7", "en", ""}, {"2001:db8::1", "en", ""}, {"not an address", "en", ""}, {"", "en", ""},
	} {
		if got := p.Of(one[0], one[1]); got != one[2] {
			t.Errorf("%s in %s: %q, want %q", one[0], one[1], got, one[2])
		}
	}
	if got := open(t, city([]pair{{"country", []pair{{"names", []pair{{"en", "Sweden"}}}}}})).Of("192.0.2.7", "en"); got != "Sweden" {
		t.Error(got)
	}
	if got := open(t, city([]pair{{"city", "of another shape"}})).Of("192.0.2.7", "en"); got != "" {
		t.Error(got)
	}
}

func TestWithoutAFileNoPlaceIsKnownAndABrokenOneIsSaid(t *testing.T) {
	p, err := place.Open("")
	if err != nil || p.Of("192.0.2.7", "en") != "" || (*place.Places)(nil).Of("192.0.2.7", "en") != "" {
		t.Error(err)
	}
	name := filepath.Join(t.TempDir(), "broken.mmdb")
	if err := os.WriteFile(name, []byte("no database"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := place.Open(name); err == nil {
		t.Error("a broken file is taken")
	}
	if _, err := place.Open(name + ".none"); err == nil {
		t.Error("a file that is not there is taken")
	}
}
