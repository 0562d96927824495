/**
 * `ringkeeper VERB`: the command line program. It starts and stops a balancer, and speaks to its API.
 *
 * @module
 */
import { runProgram } from "./program.ts";
import { enterProject } from "./user_folder.ts";

enterProject();
await runProgram(Deno.args);
