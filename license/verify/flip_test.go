package verify_test

import (
	"slices"
	"strings"
	"testing"

	"vestibule/license/verify"
)

// flips gives every text that differs from this one in one bit.
func flips(text []byte, f func(place string, flipped []byte)) {
	b := slices.Clone(text)
	for i := range b {
		for bit := range 8 {
			b[i] ^= 1 << bit
			f(string(text[max(0, i-8):i])+"▲", b)
			b[i] ^= 1 << bit
		}
	}
}

var refusedForms = []verify.Code{verify.BadArmour, verify.UnknownKey, verify.BadSignature}

func TestAFileWithAFlippedBitIsRefused(t *testing.T) {
	v := verifier("2026-06-20T09:00:00Z")
	for _, name := range []string{"evaluation.txt", "bound.txt"} {
		text := kept(t, name)
		for _, form := range [][]byte{text, []byte("\ufeff" + strings.ReplaceAll(string(text), "\n", "\r\n"))} {
			flips(form, func(place string, flipped []byte) {
				if r := v.Check(flipped); !slices.Contains(refusedForms, r.Code) {
					t.Errorf("%s after %q: %s", name, place, r.Code)
				}
			})
		}
	}
}

func TestAListWithAFlippedBitIsRefused(t *testing.T) {
	v := verifier("2026-06-20T09:00:00Z")
	flips(kept(t, "list-key.txt"), func(place string, flipped []byte) {
		if r := v.Revocations(flipped); !slices.Contains(refusedForms, r.Code) {
			t.Errorf("after %q: %s", place, r.Code)
		}
	})
}

// A code forgives how it is typed, so a flipped bit may leave it the same code
// (a small letter for a capital, another kind of space). Whatever is another
// code is refused.
func TestACodeWithAFlippedBitIsRefusedOrTheSameCode(t *testing.T) {
	v := verifier("2026-06-20T09:00:00Z")
	text := []byte(strings.TrimSpace(string(kept(t, "code.txt"))))
	good, err := verify.DecodeGroups(string(text))
	if err != nil {
		t.Fatal(err)
	}
	same := 0
	flips(text, func(place string, flipped []byte) {
		read, err := verify.DecodeGroups(string(flipped))
		if err == nil && string(read) == string(good) {
			same++
			return
		}
		if r := v.CheckCode(string(flipped), key); r.OK() || r.Group == 0 && r.Code != verify.CodeShort {
			t.Errorf("after %q: %s at group %d", place, r.Code, r.Group)
		}
	})
	if same == 0 || same > 2*len(text) {
		t.Errorf("%d of %d flips leave the code the same", same, 8*len(text))
	}
}

// The checks of the groups are for typing errors. What signs is the signature:
// every bit of what the symbols mean counts, with checks that are right again.
func TestEveryBitOfWhatACodeMeansCounts(t *testing.T) {
	v := verifier("2026-06-20T09:00:00Z")
	raw, err := verify.DecodeGroups(string(kept(t, "code.txt")))
	if err != nil {
		t.Fatal(err)
	}
	want := []verify.Code{verify.BadCode, verify.CodeShort, verify.UnknownKey, verify.BadSignature, verify.WrongDevice}
	flips(raw, func(place string, flipped []byte) {
		text := verify.EncodeGroups(flipped)
		if r := v.CheckCode(text, key); !slices.Contains(want, r.Code) {
			t.Errorf("after %q: %s", place, r.Code)
		}
	})
	request, err := verify.DecodeGroups(string(kept(t, "request.txt")))
	if err != nil {
		t.Fatal(err)
	}
	flips(request, func(place string, flipped []byte) {
		if q, err := verify.ParseRequest(verify.EncodeGroups(flipped)); err == nil {
			t.Errorf("after %q: %+v", place, q)
		}
	})
}

func TestAFeedsSignatureWithAFlippedBitIsRefused(t *testing.T) {
	v := verifier("2026-06-20T09:00:00Z")
	const feed = `{"number":3,"releases":[]}`
	good := signature(feed, currentKey())
	flips([]byte(feed), func(place string, flipped []byte) {
		if r := v.Feed(flipped, good); r.Code != verify.BadSignature {
			t.Errorf("feed after %q: %s", place, r.Code)
		}
	})
	flips([]byte(good), func(place string, flipped []byte) {
		if r := v.Feed([]byte(feed), string(flipped)); !slices.Contains(refusedForms, r.Code) {
			t.Errorf("signature after %q: %s", place, r.Code)
		}
	})
}
