# The command alone, in an image without a shell. It is used as the command is, with the
# folder of the capabilities at /w:
#
#	docker build -t capstan .
#	docker run --rm -v "$PWD:/w" capstan validate .
#
# Files are read as the user of the image (65532). Where they are not readable to others,
# and for commands that write (fmt, --fix), add --user "$(id -u):$(id -g)".
FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
ARG TARGETOS
ARG TARGETARCH
WORKDIR /src
COPY go.mod go.sum ./
RUN go mod download
COPY . .
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath -ldflags="-s -w" -o /capstan ./cmd/capstan

FROM gcr.io/distroless/static-debian12:nonroot
COPY --from=build /capstan /usr/bin/capstan
WORKDIR /w
ENTRYPOINT ["/usr/bin/capstan"]
