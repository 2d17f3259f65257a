package portal

import "vestibule/internal/web/ui"

const (
	downloadsPath = "/portal/downloads"
	feedsPath     = "/portal/feeds"
	tokensPath    = "/portal/tokens"
)

// downloadsPage is one product's releases in one channel, ready to show.
type downloadsPage struct {
	*ui.Frame
	Lead             string
	Product, Channel string   // their ids
	Products         []ui.Tab // where there are several
	Channels         []ui.Tab
	Done             string     // what was just done, in words
	Begins           startPart  // a download that begins with this page
	Locked           lockedPart // why nothing of this channel can be fetched
	Nothing          string     // why there is nothing to list
	Releases         []releasePart
	Older            []releasePart // folded away
	More             string        // the page of those that come after; "" for none
	Check            checkPart
	News             newsPart
	Stable           []addressPart // of the newest file of each kind
	Tokens           string        // where tokens are made; empty for whoever may not
	Curl             string        // an example for a program
	Feeds            bool          // this person can look after the addresses of feeds
}

// startPart is a file whose download begins.
type startPart struct{ Name, Href string }

// lockedPart says why something is locked, and what opens it.
type lockedPart struct {
	Title, Text string
	Href, Go    string // of the remedy; empty where there is none on a page
}

// releasePart is one release as a card.
type releasePart struct {
	ID      string // of the card's heading
	Version string
	Title   string
	Date    string
	Tags    []tagPart
	Notes   string // clean HTML
	Open    bool   // its notes are shown at once
	Folded  bool   // notes and files stand behind one line
	Files   []filePart
	Locked  lockedPart
}

// tagPart is a short fact in a tone.
type tagPart struct{ Tone, Text string }

// filePart is one artifact in its row. Without Href it cannot be fetched.
type filePart struct {
	Icon, Title, File, Size string
	SHA256, Short           string
	Href, Signature         string
}

// checkPart is what a checking person types: a file of this page, and the publisher's keys.
type checkPart struct {
	File string
	Keys []keyPart
}

// keyPart is one public key of the publisher.
type keyPart struct{ ID, Public, Href string }

// newsPart are the mails about new releases. Without Action there are none.
type newsPart struct {
	Action string
	On     bool
}

// addressPart is an address for programs.
type addressPart struct{ Title, Note, Href string }

// feedsPage are the secret addresses of the organization's feeds.
type feedsPage struct {
	*ui.Frame
	Rows       []feedRow
	Made       addressPart // a secret address, shown this once
	Command    string      // that adds the made address to a program, or ""
	In         feedForm
	Kinds      []ui.Option
	Done, Open string // Open is the address of the JSON feed, which wants a token
	Back       string
}

// feedRow is one secret address.
type feedRow struct {
	ID, Name, Kind, Made, Used string
	Tone, State                string
	Live                       bool
}

// agreementPage asks for the agreement of a product before its first download.
type agreementPage struct {
	*ui.Frame
	Product, File, Organization string
	Version, Since              string
	Text, TextLang              string
	Newer                       bool // an earlier version was accepted
	Back, Action                string
}

// shortSum is a checksum to tell at a glance.
func shortSum(sum string) string {
	if len(sum) < 16 {
		return sum
	}
	return sum[:8] + "…" + sum[len(sum)-6:]
}
