// Vestibule is a self-hosted client portal for software vendors.
package main

import (
	"os"

	"vestibule/internal/cli"
)

func main() { os.Exit(cli.Run(os.Args[1:], os.Stdin, os.Stdout, os.Stderr)) }
