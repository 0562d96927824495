/**
 * A usual Node app that knows nothing of a balancer: sessions in memory by express-session, and
 * sockets by socket.io.
 *
 * @module
 */
import { createServer } from "node:http";
import process from "node:process";
import express from "express";
import session from "express-session";
import { Server } from "socket.io";

const app = express();
const name = process.env["SERVER_NAME"];

app.get("/health", (_request, response) => response.send("ok"));
app.use(session({ secret: "test", resave: false, saveUninitialized: false }));
app.get("/login/:user", (request, response) => {
  request.session.user = request.params.user;
  response.json({ name, user: request.params.user });
});
app.get("/me", (request, response) => {
  response.json({ name, user: request.session.user ?? null, cookies: request.headers.cookie });
});

const server = createServer(app);
new Server(server).on("connection", (socket) => socket.emit("name", name));
server.listen(Number(process.env["PORT"]), process.env["HOST"]);
