package operations

import (
	"strings"

	"github.com/capstan-run/capstan/internal/lazyregexp"
)

// awsRegion matches the name of a region: us-east-1, us-gov-west-1, cn-north-1.
var awsRegion = lazyregexp.New(`^[a-z]{2}(-[a-z]+)+-[0-9]$`)

// AWSScope returns the service and the region of an AWS API that its host names
// ("dlm.eu-west-1.amazonaws.com", "a1b2.execute-api.eu-west-1.amazonaws.com"), "" for
// what it does not. A host without a region is that of a global service, which
// signs for us-east-1.
func AWSScope(host string) (service, region string) {
	host = strings.TrimSuffix(strings.ToLower(host), ".cn")
	names, ok := strings.CutSuffix(host, ".amazonaws.com")
	if !ok {
		return "", ""
	}
	labels := strings.Split(names, ".")
	region = "us-east-1"
	if last := len(labels) - 1; awsRegion.MatchString(labels[last]) {
		region, labels = labels[last], labels[:last]
	}
	if len(labels) == 0 {
		return "", region
	}
	return labels[len(labels)-1], region
}
