package fetch

import (
	"strconv"
	"strings"
)

// Bounds of what is answered in several ranges (RFC 9110, 14.2 lets a server reject more): each costs a head of its own, and ranges
// that overlap send the same bytes again.
const (
	maxRanges      = 16
	maxOverlapping = 2
)

// parseRanges reads a Range header only so far as to bound it; what it means is for ServeContent. It returns how many bytes are
// asked for, and the header in a form to keep. ok is false for what is to be refused. What is no range of bytes at all is no
// range: the whole file is the answer.
func parseRanges(header string, size int64) (bytes int64, asked string, ok bool) {
	const unit = "bytes="
	if header == "" || !strings.HasPrefix(header, unit) {
		return size, "", true
	}
	list := strings.Split(header[len(unit):], ",")
	if len(list) > maxRanges {
		return 0, "", false
	}
	type span struct{ from, to int64 }
	var spans []span
	for _, one := range list {
		first, last, found := strings.Cut(strings.TrimSpace(one), "-")
		if !found {
			continue
		}
		s := span{to: size}
		a, aErr := strconv.ParseInt(strings.TrimSpace(first), 10, 64)
		b, bErr := strconv.ParseInt(strings.TrimSpace(last), 10, 64)
		switch {
		case first == "" && bErr == nil:
			s.from = max(0, size-b)
		case aErr == nil && last == "":
			s.from = a
		case aErr == nil && bErr == nil:
			s.from = a
			if b < size {
				s.to = b + 1
			}
		default:
			continue
		}
		if s.from < s.to && s.from >= 0 {
			spans = append(spans, s)
			bytes += s.to - s.from
		}
	}
	overlapping := 0
	for i, a := range spans {
		for _, b := range spans[:i] {
			if a.from < b.to && b.from < a.to {
				overlapping++
			}
		}
	}
	return bytes, header[len(unit):], overlapping <= maxOverlapping
}

func decimal(n int64) string { return strconv.FormatInt(n, 10) }
