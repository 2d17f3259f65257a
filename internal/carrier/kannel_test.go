package carrier_test

import (
	"strings"
	"testing"

	"vestibule/e2e/parts"
	"vestibule/internal/carrier"
)

func TestARealKannelCarriesBothAlphabets(t *testing.T) {
	k := parts.StartKannel(t)
	c := gateway(t, carrier.Kannel(k.URL, k.User, k.Password, "12345"))
	for _, text := range []string{words, "Łódź: 048213\n@portal.example #048213"} {
		e := sms()
		e.Text = text
		answer, err := c.Carry(t.Context(), e)
		if err != nil || !strings.HasPrefix(answer, "202 ") {
			t.Fatalf("%q, %v", answer, err)
		}
	}
	parts.Eventually(t, "the centre has both", func() bool { return len(k.Texts(number)) >= 2 })
	if got := k.Texts(number); got[0] != words {
		t.Errorf("arrived %q", got)
	} else {
		t.Logf("%q", got)
	}
	wrong := gateway(t, carrier.Kannel(k.URL, k.User, "wr0ng", "12345"))
	if _, err := wrong.Carry(t.Context(), sms()); err == nil || carrier.IsPermanent(err) || strings.Contains(err.Error(), "wr0ng") {
		t.Errorf("a wrong password: %v", err)
	}
}
