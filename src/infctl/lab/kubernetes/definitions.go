//go:build tools

// Gateway API's definitions are read from this module's folder in the module
// cache; the import keeps its version and digest in go.mod and go.sum.
package main

import _ "sigs.k8s.io/gateway-api/apis/v1"
