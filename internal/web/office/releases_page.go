package office

import "vestibule/internal/web/ui"

const (
	releasesPath  = "/office/releases"
	transfersPath = "/office/transfers"
)

// releasesPage is the list of releases.
type releasesPage struct {
	*ui.Frame
	In                 releasesForm
	Tabs               []ui.Tab
	Products, Channels []ui.Option
	Rows               []releaseRow
	First, Next, Done  string
	MayManage          bool
	New                string // where a draft is made
}

// releaseRow is one release of the list, ready to show.
type releaseRow struct {
	Href, Version, Product, Channel string
	Tone, State, Effective          string
	Files, Downloads                string
	Required                        bool
}

// draftPage makes a draft or changes one.
type draftPage struct {
	*ui.Frame
	New                bool
	Title, Action      string
	Back               ui.Link
	In                 draftForm
	Products, Channels []ui.Option
	Preview            []notesPart
}

// notesPart is what is new, in one language, as clean HTML.
type notesPart struct{ Lang, Name, HTML string }

// releasePage is one release.
type releasePage struct {
	*ui.Frame
	Title, Subtitle, Href            string
	Tone, State, Done                string
	Required                         bool
	MayEdit, MayPublish, MayWithdraw bool
	MayMove                          bool // its date is to come and can be another
	Facts                            []ui.Fact
	Files                            []artifactRow
	Downloads                        int
	Transfers                        string // where they are listed
	Notes                            []notesPart
	History                          []line
	In                               fileForm // what was sent and has to be put right
	Limit                            string   // of a file's size, in words
	Missing                          []ui.Rule
	Ready                            bool // nothing is missing
	At, Stamp, Zone, Reason          string
}

// artifactRow is one file of a release.
type artifactRow struct {
	ID, Href, Title, File, Platform, Kind, Size string
	Tone, State                                 string
	SHA256, SHA512, SignedBy                    string
	Trouble                                     string // what is wrong with it, and what to do
	WantsSignature, Unfinished                  bool
}

// signaturePage takes the signature of a file that is there.
type signaturePage struct {
	*ui.Frame
	Title, File, Action, Signature string
	Keys                           string // which the product has, in words
	Back                           ui.Link
}

// transfersPage lists who fetched what.
type transfersPage struct {
	*ui.Frame
	In                  transfersForm
	States              []ui.Option
	Of                  string // the release that they are of, where one was chosen
	Rows                []transferRow
	First, Next, Export string
}

// transferRow is one transfer, ready to show.
type transferRow struct {
	Who, Organization, File, Release string
	Bytes, Ranges                    string
	Tone, State, When, Took          string
}

// agreementsPage are the versions of a product's agreement.
type agreementsPage struct {
	*ui.Frame
	Product, Back, Action, Done string
	Rows                        []agreementRow
	MayManage                   bool
	In                          agreementForm
}

// agreementRow is one version.
type agreementRow struct {
	ID, Version, Since string
	Tone, State        string
	Accepted           int
	Texts              []agreementText
}

// agreementText is the text in one language.
type agreementText struct{ Lang, Name, Text string }
