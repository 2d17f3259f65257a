package verify_test

import (
	"encoding/hex"
	"os"
	"regexp"
	"strings"
	"testing"

	"vestibule/license/verify"
)

// The document is what others build from: its example is the one that is
// tested, and it leaves no code out.
func TestTheDocumentSaysWhatIsTested(t *testing.T) {
	b, err := os.ReadFile("../../docs/licence-file.md")
	if os.IsNotExist(err) {
		t.Skip("the package was taken out of its repository")
	}
	if err != nil {
		t.Fatal(err)
	}
	text := string(b)
	signed := hex.EncodeToString(workedDocument().SignedBytes())
	dump := text[strings.Index(text, "0400000000000000"):]
	dump = dump[:strings.Index(dump, "```")]
	var told strings.Builder
	for line := range strings.Lines(dump) {
		for _, word := range strings.Fields(line) {
			if !regexp.MustCompile(`^[0-9a-f]{2,}$`).MatchString(word) {
				break
			}
			told.WriteString(word)
		}
	}
	if told.String() != signed {
		t.Errorf("the document says that\n%s\nis signed, and it is\n%s", told.String(), signed)
	}
	for _, part := range []string{
		string(kept(t, "worked.txt")), public(currentKey()).ID(), public(currentKey()).String(),
		verify.Fingerprint(product, "serial 4711", "board 0815"), parsedKey(), verify.KeyHash(parsedKey()), verify.EncodeGroups([]byte("Hello")),
	} {
		if !strings.Contains(text, part) {
			t.Errorf("the document lacks %s", part)
		}
	}
	source, err := os.ReadFile("codes.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile(`Code = "([a-z-]+)"`).FindAllStringSubmatch(string(source), -1) {
		if !strings.Contains(text, "`"+m[1]+"`") {
			t.Errorf("the document lacks the code %s", m[1])
		}
	}
}
