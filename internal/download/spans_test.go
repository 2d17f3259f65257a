package download

import (
	"testing"

	"pgregory.net/rapid"
)

// What is joined in any order is what a table of single bytes says.
func TestSpansAreWhatSingleBytesSay(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		const size = 40
		var has [size]bool
		var s spans
		for range rapid.IntRange(0, 20).Draw(t, "n") {
			from := rapid.IntRange(0, size).Draw(t, "from")
			to := rapid.IntRange(0, size).Draw(t, "to")
			s = s.add(int64(from), int64(to))
			for i := from; i < to; i++ {
				has[i] = true
			}
		}
		all, got := true, [size]bool{}
		for i, one := range s {
			if i > 0 && s[i-1][1] >= one[0] || one[0] >= one[1] {
				t.Fatalf("not apart: %v", s)
			}
			for j := one[0]; j < one[1]; j++ {
				got[j] = true
			}
		}
		for _, one := range has {
			all = all && one
		}
		if got != has || s.cover(size) != all {
			t.Fatalf("%v", s)
		}
		again, err := parseSpans(s.text())
		if err != nil || again.text() != s.text() {
			t.Fatal(again, err)
		}
	})
}

func TestCrumbsAreBounded(t *testing.T) {
	var s spans
	for i := range int64(2000) {
		s = s.add(i*10, i*10+1+i%3)
	}
	kept, err := parseSpans(s.text())
	if err != nil || len(kept) != spansLimit {
		t.Fatal(len(kept), err)
	}
	for i := range kept {
		if i > 0 && kept[i-1][1] >= kept[i][0] {
			t.Fatal("out of order")
		}
	}
}
