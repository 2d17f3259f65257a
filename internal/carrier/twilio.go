package carrier

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
)

// TwilioOptions say how to reach Twilio's Programmable Messaging.
type TwilioOptions struct {
	SID   string // of the account
	Token string
	From  string // a number, a short name, or a messaging service (MG…)
	URL   string // empty: https://api.twilio.com
	// Client asks; nil: NewHTTPClient.
	Client *http.Client
}

// Twilio carries text messages by Twilio's API
// (https://www.twilio.com/docs/messaging/api/message-resource).
type Twilio struct{ o TwilioOptions }

// NewTwilio returns the carrier of a Twilio account.
func NewTwilio(o TwilioOptions) (*Twilio, error) {
	if o.SID == "" || o.Token == "" || o.From == "" {
		return nil, errors.New("carrier: Twilio needs the account's SID, its token and a sender")
	}
	if o.URL == "" {
		o.URL = "https://api.twilio.com"
	}
	if o.Client == nil {
		o.Client = NewHTTPClient()
	}
	return &Twilio{o}, nil
}

// Name implements Carrier.
func (*Twilio) Name() string { return "twilio" }

// Close gives the connections back.
func (t *Twilio) Close() { t.o.Client.CloseIdleConnections() }

// refusedForGood reports whether Twilio's error code is about the number or the
// words, so that no further try changes it (https://www.twilio.com/docs/api/errors).
func refusedForGood(code int) bool {
	switch code {
	case 21211, 21217, 21219, 21401, 21421, 21614: // no number, or none that takes text messages
		return true
	case 21408, 21612, 21635: // no service in that country, or to a landline
		return true
	case 21610: // the person answered STOP
		return true
	case 21602, 21617: // no words, or too many
		return true
	}
	return false
}

// Carry implements Carrier.
func (t *Twilio) Carry(ctx context.Context, e Envelope) (string, error) {
	form := url.Values{"To": {e.To}, "Body": {e.Text}}
	if strings.HasPrefix(t.o.From, "MG") {
		form.Set("MessagingServiceSid", t.o.From)
	} else {
		form.Set("From", t.o.From)
	}
	address := strings.TrimSuffix(t.o.URL, "/") + "/2010-04-01/Accounts/" + url.PathEscape(t.o.SID) + "/Messages.json"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, strings.NewReader(form.Encode()))
	if err != nil {
		return "", Permanent(errors.New("sms: the address of Twilio is wrong"))
	}
	req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	req.SetBasicAuth(t.o.SID, t.o.Token)
	status, answer, err := ask(t.o.Client, req)
	if err != nil {
		return "", err
	}
	var said struct {
		SID     string `json:"sid"`
		Status  string `json:"status"`
		Code    int    `json:"code"`
		Message string `json:"message"`
	}
	if err := json.Unmarshal(answer, &said); err != nil {
		// A proxy in between, or a page of an outage.
		return "", fmt.Errorf("sms: Twilio answered %d and no JSON", status)
	}
	if status == http.StatusCreated && said.SID != "" {
		return plain([]byte(said.Status+" "+said.SID), e, t.o.Token), nil
	}
	err = fmt.Errorf("sms: Twilio answered %d, error %d: %s", status, said.Code, plain([]byte(said.Message), e, t.o.Token))
	if refusedForGood(said.Code) {
		return "", Permanent(err)
	}
	return "", err
}
