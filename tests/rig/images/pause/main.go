// pause holds a pod's namespaces open.
package main

import "stagingmirror.dev/rig/images/serve"

func main() {
	serve.Stop()
	select {}
}
