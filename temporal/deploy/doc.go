// Package deploy has the pieces that workers and faces are deployed with: a Dockerfile and an
// example for Kubernetes. It is a module of its own for its test, which reads the example with
// the types of Kubernetes.
package deploy
