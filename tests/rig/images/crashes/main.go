// crashes ends with an error shortly after it was started.
package main

import (
	"log"
	"time"
)

func main() {
	time.Sleep(200 * time.Millisecond)
	log.Fatal("this program always crashes")
}
