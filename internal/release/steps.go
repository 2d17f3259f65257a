package release

import "vestibule/internal/fault"

// A State is where a release stands.
type State string

// The states of a release.
const (
	Drafted   State = "draft"
	Verifying State = "verifying" // it is to be published as soon as all its files are verified
	Published State = "published" // from its effective date on, which may be to come
	Withdrawn State = "withdrawn"
)

// States are all states, in their order.
func States() []State { return []State{Drafted, Verifying, Published, Withdrawn} }

type event string

const (
	edited    event = "edited"    // its words, or its files
	discarded event = "discarded" // it never was
	asked     event = "asked"     // to be published
	passed    event = "passed"    // all its files are verified
	failed    event = "failed"    // a file is refused
	dated     event = "dated"     // another effective date
	recalled  event = "recalled"  // not to be published after all, before anybody had it
	required  event = "required"  // or not any more
	withdrawn event = "withdrawn"
)

func events() []event {
	return []event{edited, discarded, asked, passed, failed, dated, recalled, required, withdrawn}
}

// table says what counts in which state, and where it leads. Where nothing is said, nothing happens any more.
func table() map[State]map[event]State {
	return map[State]map[event]State{
		Drafted:   {edited: Drafted, discarded: "", asked: Verifying},
		Verifying: {passed: Published, failed: Drafted, recalled: Drafted},
		Published: {dated: Published, recalled: Drafted, required: Published, withdrawn: Withdrawn},
	}
}

// after says where an event leads; one that does not belong to the state is Conflict "release-STATE".
func after(s State, e event) (State, error) {
	to, ok := table()[s][e]
	if !ok {
		return s, fault.New(fault.Conflict, "release-"+string(s))
	}
	return to, nil
}

// A FileState is where a file stands.
type FileState string

// The states of a file.
const (
	Uploading    FileState = "uploading"
	FileChecking FileState = "verifying" // all parts are there; they are being joined
	Verified     FileState = "verified"
	Refused      FileState = "refused" // see Artifact.Trouble
)

type fileEvent string

const (
	partCame  fileEvent = "part"
	finished  fileEvent = "finished"
	accepted  fileEvent = "accepted"
	rejected  fileEvent = "rejected"
	signed    fileEvent = "signed" // a signature was given, or another
	discardIt fileEvent = "removed"
)

func fileEvents() []fileEvent {
	return []fileEvent{partCame, finished, accepted, rejected, signed, discardIt}
}

func fileTable() map[FileState]map[fileEvent]FileState {
	return map[FileState]map[fileEvent]FileState{
		Uploading:    {partCame: Uploading, finished: FileChecking, signed: Uploading, discardIt: ""},
		FileChecking: {accepted: Verified, rejected: Refused, discardIt: ""},
		Verified:     {signed: Verified, rejected: Refused, discardIt: ""},
		Refused:      {signed: Verified, rejected: Refused, discardIt: ""},
	}
}

// afterFile says where an event leads a file; one that does not belong to its state is Conflict "file-STATE".
func afterFile(s FileState, e fileEvent) (FileState, error) {
	to, ok := fileTable()[s][e]
	if !ok {
		return s, fault.New(fault.Conflict, "file-"+string(s))
	}
	return to, nil
}
