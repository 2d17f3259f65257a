package config

import "time"

// A kind says how the text of an option is read.
type kind int

const (
	textual kind = iota
	count        // a whole number
	seconds
	minutes
	hours
	days
	list // of texts
	choice
	file
	folder
	address // host:port
	webAddress
	email
)

// An option is one row of the table.
type option struct {
	name    string
	kind    kind
	def     string // as it would be typed; lists are separated by "; "
	choices []string
	min     int
	max     int
	secret  bool // has a variable with the suffix _FILE and is never printed
	help    string
	into    any // *string, *int, *time.Duration, *[]string
}

// A section groups options for the handbook.
type section struct {
	title   string
	options []option
}

// Raw values that need a second look before they are part of a Config.
type raw struct {
	proxies, links, holidays, openHours []string
	zone, termsSince                    string
	termsNextSince                      string
	terms, termsNext, supportHours      [2]string
}

// languages are those the portal speaks, the first by default.
func languages() []string { return []string{"en", "de"} }

// table lists every option, bound to the fields of c and r.
func table(c *Config, r *raw) []section {
	return []section{
		{"The portal", []option{
			{name: "listen", kind: address, def: "127.0.0.1:8080", into: &c.Listen,
				help: "Address and port the portal answers on."},
			{name: "base_url", kind: webAddress, into: &c.BaseURL,
				help: "Address that people type, as in https://portal.example.com. Every link in an e-mail begins with it. Must be https unless it is loopback. Default: made from listen."},
			{name: "data", kind: folder, def: "vestibule-data", into: &c.Data,
				help: "Folder for the embedded database and the keys file. Made on first start, for its owner only."},
			{name: "tls.certificate", kind: file, into: &c.TLS.Certificate,
				help: "Certificate chain (PEM), where the portal itself serves https."},
			{name: "tls.key", kind: file, into: &c.TLS.Key,
				help: "Private key (PEM) of the certificate."},
			{name: "trusted_proxies", kind: list, into: &r.proxies,
				help: "Addresses or networks (10.0.0.0/8) of reverse proxies whose X-Forwarded-For is believed."},
			{name: "geo.database", kind: file, into: &c.Geo.Database,
				help: "File in the MMDB format (as GeoLite2 City) that says where a network address is, so that owners recognise their own sessions. Read at start. Empty: places are not shown."},
			{name: "metrics.listen", kind: address, into: &c.Metrics,
				help: "Loopback address and port for /metrics (Prometheus). Empty: none."},
			{name: "log.level", kind: choice, choices: []string{"debug", "info", "warn", "error"}, def: "info", into: &c.Log.Level,
				help: "Least grave line that is logged."},
			{name: "log.format", kind: choice, choices: []string{"text", "json"}, def: "text", into: &c.Log.Format,
				help: "Form of the log on standard error."},
		}},
		{"Database and keys", []option{
			{name: "database.url", kind: textual, secret: true, into: &c.Database.URL,
				help: "postgres://user@host/name with or without a password, or the file of the embedded database. Default: portal.db in the data folder."},
			{name: "database.migrate_url", kind: textual, secret: true, into: &c.Database.MigrateURL,
				help: "PostgreSQL address of the role that owns the tables, used by `vestibule migrate` alone. With it, serve changes no schema."},
			{name: "keys.file", kind: file, into: &c.KeysFile,
				help: "File with the keys that seal secrets at rest, mode 0600. Default: keys.json in the data folder, made on first start. Several nodes need the same file."},
			{name: "keys.text", kind: textual, secret: true, into: &c.Keys,
				help: "The text of a keys file, in place of keys.file."},
		}},
		{"Releases and their files", []option{
			{name: "blob.url", kind: textual, into: &c.Files.URL,
				help: "Where the files of releases lie: a folder, or s3://bucket?region=eu-central-1, for stores of other makers with &endpoint=https://files.example.com&s3ForcePathStyle=true. Several nodes need the same. Default: files in the data folder."},
			{name: "blob.key", kind: textual, into: &c.Files.Key,
				help: "Access key id of the bucket. Empty: as the AWS tools find it (AWS_ACCESS_KEY_ID, ~/.aws, the machine's role)."},
			{name: "blob.secret", kind: textual, secret: true, into: &c.Files.Secret,
				help: "Secret access key that belongs to blob.key."},
			{name: "release.max_size", kind: count, def: "10240", min: 1, max: 81920, into: &c.Files.MaxSize,
				help: "Most MiB of one file of a release."},
			{name: "download.link_life", kind: seconds, def: "900", min: 60, max: 86400, into: &c.Download.LinkLife,
				help: "How long a download link works. Whoever resumes later gets a new one in the portal."},
			{name: "download.parallel", kind: count, def: "10", min: 1, max: 100, into: &c.Download.Parallel,
				help: "Most downloads at once of one person or program, on all nodes together; each range counts."},
			{name: "download.keep_days", kind: count, def: "0", max: 36500, into: &c.Download.KeepDays,
				help: "How many days the record of a download is kept, with name and network address. 0: for ever. Counts of downloads are of what is kept."},
		}},
		{"Vendor and product", []option{
			{name: "vendor.name", kind: textual, def: PlaceholderVendor, into: &c.Vendor.Name,
				help: "Your company, as clients know it."},
			{name: "vendor.legal", kind: textual, into: &c.Vendor.Legal,
				help: "Its legal name and postal address in one line, at the foot of pages and e-mails. Default: vendor.name."},
			{name: "vendor.accent", kind: textual, def: "#0b5f80", into: &c.Vendor.Accent,
				help: "Accent colour, #rrggbb. Its lightness is adjusted so that text stays readable."},
			{name: "vendor.logo", kind: file, into: &c.Vendor.Logo,
				help: "Logo (SVG or PNG) that works on light and dark ground."},
			{name: "vendor.support_phone", kind: textual, into: &c.Vendor.SupportPhone,
				help: "Telephone number of the helpdesk, shown where somebody may be stuck."},
			{name: "vendor.support_email", kind: email, into: &c.Vendor.SupportEmail,
				help: "E-mail address of the helpdesk."},
			{name: "vendor.security_email", kind: email, into: &c.Vendor.SecurityEmail,
				help: "Address for \"this was not me\" and for security concerns. Default: vendor.support_email."},
			{name: "vendor.support_hours_en", kind: textual, into: &r.supportHours[0],
				help: "When the helpdesk answers, as in: working days from 08:00 to 18:00 UK time."},
			{name: "vendor.support_hours_de", kind: textual, into: &r.supportHours[1],
				help: "The same in German."},
			{name: "vendor.links", kind: list, into: &r.links,
				help: "Links at the foot of each page, as in \"Privacy notice https://example.com/privacy\"."},
			{name: "vendor.language", kind: choice, choices: languages(), def: "en", into: &c.Vendor.Language,
				help: "Language for people whose browser asks for none that the portal speaks."},
			{name: "vendor.notify", kind: list, into: &c.Vendor.NotifyStaff,
				help: "E-mail addresses that are told of each new request, beside the approvers."},
			{name: "product.name", kind: textual, def: PlaceholderProduct, into: &c.Product.Name,
				help: "What the portal gives access to."},
			{name: "product.prefix", kind: textual, def: "VST", into: &c.Product.Prefix,
				help: "Two to six capital letters and digits, the first a letter, that begin each licence key. It stays once keys are out."},
			{name: "product.code", kind: textual, def: "product", into: &c.Product.Code,
				help: "Short name of the product in addresses and files. Do not change it once keys are out."},
		}},
		{"Office", []option{
			{name: "office.time_zone", kind: textual, def: "UTC", into: &r.zone,
				help: "Time zone of the office, as in Europe/Berlin. Dates and times in pages and e-mails are in it."},
			{name: "office.hours", kind: list, def: "Mon-Fri 08:00-17:00", into: &r.openHours,
				help: "When requests are decided, as in \"Mon-Fri 08:00-17:00\"; several lines add up."},
			{name: "office.holidays", kind: list, into: &r.holidays,
				help: "Days on which nobody decides, as in 2026-12-25."},
			{name: "office.due_minutes", kind: minutes, def: "60", min: 1, max: 10080, into: &c.Office.Due,
				help: "Office minutes after which a decision is due."},
			{name: "office.reminder_minutes", kind: minutes, def: "45", min: 1, max: 10080, into: &c.Office.Reminder,
				help: "Office minutes after which staff are reminded."},
			{name: "office.late_hours", kind: hours, def: "24", min: 1, max: 720, into: &c.Office.Late,
				help: "Hours by the clock after which a request is late."},
		}},
		{"Registration and passwords", []option{
			{name: "policy", kind: choice, choices: []string{"guide", "nist"}, def: "guide", into: &c.Policy,
				help: "Profile of password and recovery rules. guide: 12 characters of three groups, security questions. nist: 15 characters, no groups, no questions."},
			{name: "password.min_length", kind: count, def: "0", min: 0, max: 64, into: &c.Password.MinLength,
				help: "Least characters of a password. 0: as the policy says."},
			{name: "password.groups", kind: choice, choices: []string{"", "on", "off"}, into: &c.Password.Groups,
				help: "Whether three of four character groups are wanted. Empty: as the policy says."},
			{name: "questions.use", kind: choice, choices: []string{"", "on", "off"}, into: &c.Password.Questions,
				help: "Whether security questions are asked. Empty: as the policy says."},
			{name: "password.max_age_days", kind: days, def: "0", min: 0, max: 3650, into: &c.Password.MaxAge,
				help: "Days after which a client sets a new password at the next sign-in; 14, 7 and 1 day before, an e-mail says so. 0: never, as NIST SP 800-63B-4 and ASVS ask for."},
			{name: "account.dormant_days", kind: days, def: "0", min: 0, max: 3650, into: &c.Account.Dormant,
				help: "Days without a sign-in after which an account expires, so that only a reset makes it active again; 30 days before (or half of it, where it is less than 60), an e-mail says so. 0: never."},
			{name: "terms.en", kind: file, into: &r.terms[0],
				help: "Text file with the Terms and Conditions in English. A line that begins with ## is a heading. A new version is accepted by everybody at the next sign-in."},
			{name: "terms.de", kind: file, into: &r.terms[1],
				help: "The same in German."},
			{name: "terms.version", kind: textual, into: &c.TermsVersion,
				help: "Name of that text, as in 2026-06. Default: made from the text, so that a changed text is a new version."},
			{name: "terms.since", kind: textual, into: &r.termsSince,
				help: "Day from which it is in force, as in 2026-06-01."},
			{name: "terms.next_en", kind: file, into: &r.termsNext[0],
				help: "Text file with the terms that follow, in English. From terms.next_since on they are in force, and people accept them at their next sign-in."},
			{name: "terms.next_de", kind: file, into: &r.termsNext[1],
				help: "The same in German."},
			{name: "terms.next_version", kind: textual, into: &c.TermsNext.Version,
				help: "Name of that text. Default: made from the text."},
			{name: "terms.next_since", kind: textual, into: &r.termsNextSince,
				help: "Day from which it is in force, as in 2027-01-01."},
			{name: "terms.grace_days", kind: days, def: "0", min: 0, max: 365, into: &c.TermsGrace,
				help: "Days after terms.next_since in which people who accepted earlier terms may still put off accepting the new ones."},
			{name: "registration.duplicate_email", kind: choice, choices: []string{"explain", "conceal"}, def: "explain", into: &c.Registration.DuplicateEmail,
				help: "Whether the form says that an address already has an account, or leaves it to an e-mail."},
			{name: "registration.user_id", kind: textual, def: "{f}{last}", into: &c.Registration.UserID,
				help: "How a UserID is made: {first} and {last} are the names, {f} and {l} their first letters. A number is added on a clash."},
			{name: "registration.sms_countries", kind: list, into: &c.Registration.SMSCountries,
				help: "Countries (DE, ZA) whose numbers are sent an SMS. Empty: all. Elsewhere staff release the step."},
			{name: "registration.code_life", kind: seconds, def: "600", min: 30, max: 3600, into: &c.Registration.CodeLife,
				help: "How long a code in an SMS works."},
			{name: "registration.code_tries", kind: count, def: "5", min: 1, max: 10, into: &c.Registration.CodeTries,
				help: "Wrong tries after which a code is dead."},
			{name: "registration.life", kind: seconds, def: "86400", min: 600, max: 1209600, into: &c.Registration.Life,
				help: "How long a registration waits for its next step while there is no account yet."},
			{name: "registration.remind_days", kind: days, def: "2", min: 1, max: 90, into: &c.Registration.Remind,
				help: "Days after which the owner of an unfinished account is reminded, once."},
			{name: "registration.sweep_days", kind: days, def: "7", min: 1, max: 90, into: &c.Registration.Sweep,
				help: "Days after which an unfinished account is deleted."},
		}},
		{"Evaluations", []option{
			{name: "evaluation.days", kind: count, def: "30", min: 1, max: 730, into: &c.Evaluation.Days,
				help: "Days of an evaluation."},
			{name: "evaluation.start", kind: choice, choices: []string{"first-sign-in", "approval"}, def: "first-sign-in", into: &c.Evaluation.Start,
				help: "What a first evaluation runs from. A repeated one runs from the approval."},
			{name: "evaluation.latest_start_days", kind: count, def: "14", min: 0, max: 365, into: &c.Evaluation.LatestStart,
				help: "Days after the approval at which a first evaluation begins at the latest."},
		}},
		{"Sessions, links and hashing", []option{
			{name: "session.client_idle", kind: seconds, def: "3600", min: 60, max: 86400, into: &c.Session.ClientIdle,
				help: "A client's session ends after so long without a request."},
			{name: "session.client_absolute", kind: seconds, def: "43200", min: 60, max: 604800, into: &c.Session.ClientAbsolute,
				help: "A client's session ends after so long in any case."},
			{name: "session.staff_idle", kind: seconds, def: "900", min: 60, max: 86400, into: &c.Session.StaffIdle,
				help: "The same for staff, without a request."},
			{name: "session.staff_absolute", kind: seconds, def: "43200", min: 60, max: 86400, into: &c.Session.StaffAbsolute,
				help: "The same for staff, in any case."},
			{name: "link.confirm", kind: seconds, def: "86400", min: 60, max: 1209600, into: &c.Link.Confirm,
				help: "How long the link that confirms an e-mail address works."},
			{name: "link.reset", kind: seconds, def: "3600", min: 300, max: 14400, into: &c.Link.Reset,
				help: "How long the link that resets a password works."},
			{name: "recovery.tell_unknown", kind: choice, choices: []string{"off", "on"}, def: "off", into: &c.Recovery.TellUnknown,
				help: "Whether an address without an account is told by e-mail that somebody asked for its UserID or password."},
			{name: "hashing.slots", kind: count, def: "0", min: 0, max: 256, into: &c.Hashing.Slots,
				help: "Passwords hashed at once, 19 MiB each. 0: one a processor core."},
			{name: "hashing.queue", kind: count, def: "64", min: 1, max: 4096, into: &c.Hashing.Queue,
				help: "Sign-ins that may wait for a slot; further ones are told to come back."},
		}},
		{"Words", []option{
			{name: "words", kind: folder, into: &c.Words,
				help: "Folder with en/*.toml and de/*.toml whose entries replace words of the portal, the security questions among them."},
			{name: "messages", kind: folder, into: &c.Messages,
				help: "Folder whose templates replace those of e-mails and SMS."},
		}},
		{"Sending messages", []option{
			{name: "outbox.mode", kind: choice, choices: []string{"", "send", "hold"}, into: &c.Outbox,
				help: "Whether messages are sent or held in the outbox. Empty: send where smtp.host is set, else hold."},
			{name: "smtp.host", kind: textual, into: &c.SMTP.Host, help: "Mail server."},
			{name: "smtp.port", kind: count, def: "587", min: 1, max: 65535, into: &c.SMTP.Port,
				help: "Its port: 587 for starttls, 465 for tls."},
			{name: "smtp.security", kind: choice, choices: []string{"starttls", "tls", "none"}, def: "starttls", into: &c.SMTP.Security,
				help: "How the connection is protected. none only for a server on loopback."},
			{name: "smtp.user", kind: textual, into: &c.SMTP.User, help: "User name, where the server wants one."},
			{name: "smtp.password", kind: textual, secret: true, into: &c.SMTP.Password, help: "Password of the user."},
			{name: "smtp.from", kind: email, into: &c.SMTP.From,
				help: "Sender of every e-mail, as in portal@example.com."},
			{name: "smtp.ca", kind: file, into: &c.SMTP.CA,
				help: "Certificates (PEM) to trust for the mail server, beside the system's."},
		}},
		{"First SMS provider", smsOptions("sms", &c.SMS[0])},
		{"Second SMS provider, used when the first fails", smsOptions("sms_second", &c.SMS[1])},
	}
}

func smsOptions(prefix string, s *SMS) []option {
	return []option{
		{name: prefix + ".preset", kind: choice, choices: []string{"", "kannel", "json", "template", "twilio"}, into: &s.Preset,
			help: "What the provider speaks. Empty: there is none."},
		{name: prefix + ".url", kind: webAddress, into: &s.URL,
			help: "Address of its sendsms service, as in http://127.0.0.1:13013/cgi-bin/sendsms. Twilio has its own. With preset template it may hold {to}, {from}, {text}, {user} and {password}."},
		{name: prefix + ".user", kind: textual, into: &s.User,
			help: "User name, or Twilio's account SID."},
		{name: prefix + ".password", kind: textual, secret: true, into: &s.Password,
			help: "Password, bearer token for json, or Twilio's auth token."},
		{name: prefix + ".from", kind: textual, into: &s.From,
			help: "Sender: a number or a short name that the provider permits."},
		{name: prefix + ".method", kind: choice, choices: []string{"", "GET", "POST"}, into: &s.Method,
			help: "HTTP method with preset template. Empty: GET without a body, POST with one."},
		{name: prefix + ".body", kind: textual, into: &s.Body,
			help: "Body with preset json or template, with the same places as the address."},
		{name: prefix + ".content_type", kind: textual, into: &s.Type,
			help: "Content type of the body. Default with a body: application/json."},
		{name: prefix + ".accept", kind: textual, into: &s.Accept,
			help: "Text that an answer must hold to count as taken, where a status of 200 is not enough."},
	}
}

// unit is what one of a numeric option stands for.
func (o option) unit() time.Duration {
	switch o.kind {
	case minutes:
		return time.Minute
	case hours:
		return time.Hour
	case days:
		return 24 * time.Hour
	default:
		return time.Second
	}
}
