package download

import (
	"encoding/json"
	"slices"
)

// spansLimit bounds what is kept of a file that is fetched in crumbs: what has more gaps than any download manager makes is not
// joined.
const spansLimit = 500

// spans are parts of a file as half-open pairs of offsets, in order and apart from one another.
type spans [][2]int64

// add joins a part to s and returns the result; s is not changed.
func (s spans) add(from, to int64) spans {
	if to <= from {
		return s
	}
	joined := make(spans, 0, len(s)+1)
	at := 0
	for ; at < len(s) && s[at][1] < from; at++ {
		joined = append(joined, s[at])
	}
	for ; at < len(s) && s[at][0] <= to; at++ {
		from, to = min(from, s[at][0]), max(to, s[at][1])
	}
	joined = append(joined, [2]int64{from, to})
	return append(joined, s[at:]...)
}

// merge joins all of b to s.
func (s spans) merge(b spans) spans {
	for _, one := range b {
		s = s.add(one[0], one[1])
	}
	return s
}

// cover reports whether s is all of a file of the size. Of an empty file there is nothing to have.
func (s spans) cover(size int64) bool {
	return size == 0 || len(s) == 1 && s[0][0] == 0 && s[0][1] >= size
}

// text is s as it is kept; what has too many parts is kept without its smallest.
func (s spans) text() string {
	if len(s) > spansLimit {
		kept := slices.Clone(s)
		slices.SortFunc(kept, func(a, b [2]int64) int { return int(min(1, max(-1, (b[1]-b[0])-(a[1]-a[0])))) })
		kept = kept[:spansLimit]
		slices.SortFunc(kept, func(a, b [2]int64) int { return int(min(1, max(-1, a[0]-b[0]))) })
		s = kept
	}
	if s == nil {
		s = spans{}
	}
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // numbers always have a form in JSON
	}
	return string(b)
}

func parseSpans(text string) (s spans, err error) {
	err = json.Unmarshal([]byte(text), &s)
	return s, err
}
