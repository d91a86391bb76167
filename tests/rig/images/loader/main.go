// loader loads a data snapshot, as told by its name in $SNAPSHOT: one with "fail" in it fails, one with
// "hang" in it never ends, any other is loaded after $SECONDS (0.2 if unset).
package main

import (
	"log"
	"os"
	"strconv"
	"strings"
	"time"

	"stagingmirror.dev/rig/images/serve"
)

func main() {
	serve.Stop()
	snapshot := os.Getenv("SNAPSHOT")
	seconds, err := strconv.ParseFloat(os.Getenv("SECONDS"), 64)
	if err != nil {
		seconds = 0.2
	}
	log.Printf("loading snapshot %q", snapshot)
	switch {
	case snapshot == "":
		log.Fatal("SNAPSHOT is not set")
	case strings.Contains(snapshot, "hang"):
		select {}
	case strings.Contains(snapshot, "fail"):
		log.Fatalf("snapshot %q cannot be loaded", snapshot)
	}
	time.Sleep(time.Duration(seconds * float64(time.Second)))
	log.Printf("loaded snapshot %q", snapshot)
}
