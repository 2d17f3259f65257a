// Command example is a vendor's product, as far as licences go: it asks the
// portal, or goes by its licence file. It prints a code, and exits 0 if it may run.
package main

import (
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"time"

	"vestibule/license/verify"
)

func main() { os.Exit(run(os.Args[1:], time.Now, os.Stdout)) }

func run(args []string, clock func() time.Time, out io.Writer) (exit int) {
	flags := flag.NewFlagSet("example", flag.ExitOnError)
	portal := flags.String("portal", "", "ask the portal at this address; the file holds the key")
	file := flags.String("file", "licence.txt", "licence file, or key")
	list := flags.String("list", "", "revocation list")
	state := flags.String("state", "licence.state", "where the product remembers what it has seen")
	keys := flags.String("public", "", "public keys, current and next; a real product has them built in")
	product := flags.String("product", "mag", "code of the product; built in, too")
	_ = flags.Parse(args)         // it exits by itself
	text, _ := os.ReadFile(*file) // a file that is not there is refused like an empty one
	var r verify.Result
	if *portal != "" {
		r.Code = online(*portal, string(text))
	} else if v, err := verify.New(*product, strings.Split(*keys, ",")...); err == nil {
		host, _ := os.Hostname() // a real product takes what is harder to change
		v.Device, v.State, v.Clock = verify.Fingerprint(*product, host), verify.FileState(*state), clock
		if revoked, _ := os.ReadFile(*list); *list != "" {
			r = v.Revocations(revoked)
		}
		if *list == "" || r.OK() {
			r = v.Check(text)
		}
	}
	if fmt.Fprintln(out, r.Code, "-", r.Code.Explain()); !r.OK() {
		return 1
	}
	return 0
}

func online(portal, key string) verify.Code {
	body, _ := json.Marshal(map[string]string{"key": strings.TrimSpace(key)}) // never in the address
	client := http.Client{Timeout: 10 * time.Second}
	answer, err := client.Post(portal+"/api/v1/validate", "application/json", strings.NewReader(string(body)))
	said := struct{ Code verify.Code }{"unreachable"}
	if err == nil {
		defer answer.Body.Close()
		_ = json.NewDecoder(io.LimitReader(answer.Body, 64<<10)).Decode(&said) // else it stays unreachable
	}
	return said.Code
}
