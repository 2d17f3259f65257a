package recovery

// A Step is where a recovery stands.
type Step string

// The steps.
const (
	Possession    Step = "possession"    // type the code, open the link, or use the passkey
	Authenticator Step = "authenticator" // the app's code, or a recovery code
	Questions     Step = "questions"     // answer two
	Second        Step = "second"        // choose another means
	SecondCode    Step = "second-code"   // type the code that went by it, or use the passkey
	Help          Step = "help"          // nothing is left to prove by: the helpdesk
	Password      Step = "password"
	Done          Step = "done"
)
