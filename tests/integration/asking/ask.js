// One request by the real SDK for Node:  node ask.js ENDPOINT SIGNATURE METHOD ACTION PARAMETERS
// The key comes from the environment. Prints {"Response": …}, or {"Error": code} for what was refused.
"use strict";
const { cvm } = require("tencentcloud-sdk-nodejs-cvm");

const [endpoint, signMethod, reqMethod, action, parameters] = process.argv.slice(2);
const client = new cvm.v20170312.Client({
  credential: { secretId: process.env.TENCENTCLOUD_SECRET_ID, secretKey: process.env.TENCENTCLOUD_SECRET_KEY },
  region: process.env.TENCENTCLOUD_REGION,
  profile: { signMethod, httpProfile: { protocol: "http://", endpoint, reqMethod, reqTimeout: 60 } },
});
client[action](JSON.parse(parameters)).then(
  (reply) => console.log(JSON.stringify({ Response: reply })),
  (error) => console.log(JSON.stringify({ Error: error.code, Message: String(error), RequestId: error.requestId })),
);
