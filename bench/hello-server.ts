/** The least that an HTTP server can do: started as a program of its own with the path of its socket. */
import http from "node:http";

const [path] = process.argv.slice(2);
http.createServer((_request, response) => response.end("hello")).listen(path, () => console.log("listens"));
