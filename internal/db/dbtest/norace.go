//go:build !race

package dbtest

// raced says that the race detector is watching.
const raced = false
