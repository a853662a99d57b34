<?xml version="1.0" encoding="UTF-8"?>
<xsl:stylesheet version="1.0" xmlns:xsl="http://www.w3.org/1999/XSL/Transform" xmlns:m="urn:inkan:messages"
                xmlns:i="urn:inkan:functions" exclude-result-prefixes="m i">

    <!-- The account, and how logins and logouts end. -->

    <xsl:template match="account" mode="title"><m:t k="account.title"/></xsl:template>
    <xsl:template match="account" mode="main">
        <xsl:call-template name="back"/>
        <xsl:call-template name="notice"/>
        <h1><m:t k="account.title"/></h1>
        <section aria-labelledby="sent">
            <h2 id="sent"><m:t k="account.sent"/></h2>
            <p>
                <m:t k="account.sent.text">
                    <m:with name="idp"><strong><xsl:value-of select="i:name(idp)"/></strong></m:with>
                    <m:with name="at"><xsl:call-template name="moment"><xsl:with-param name="at" select="login/@at"/></xsl:call-template></m:with>
                </m:t>
            </p>
            <table class="attributes">
                <thead><tr><th scope="col"><m:t k="account.attribute"/></th><th scope="col"><m:t k="account.value"/></th><th scope="col"><m:t k="account.use"/></th></tr></thead>
                <tbody><xsl:apply-templates select="attribute"/></tbody>
            </table>
            <p class="hint"><m:t k="account.wrong"/></p>
            <dl class="facts">
                <div><dt><m:t k="account.idp"/></dt><dd class="mono"><xsl:value-of select="idp/@entity"/></dd></div>
                <div><dt><m:t k="account.context"/></dt><dd class="mono"><xsl:value-of select="login/@context"/></dd></div>
                <div><dt><m:t k="account.until"/></dt><dd><xsl:call-template name="moment"><xsl:with-param name="at" select="login/@until"/></xsl:call-template></dd></div>
            </dl>
        </section>
        <section aria-labelledby="notices">
            <h2 id="notices"><m:t k="account.notices"/></h2>
            <p><m:t k="account.notices.text"/></p>
            <form method="post" action="/account/notices">
                <xsl:call-template name="csrf"/>
                <label class="choice">
                    <input type="checkbox" name="notices" value="on">
                        <xsl:if test="@notices"><xsl:attribute name="checked">checked</xsl:attribute></xsl:if>
                    </input>
                    <span><m:t k="account.notices.on"/><small><m:t k="account.notices.hint"/></small></span>
                </label>
                <p class="actions"><button type="submit"><m:t k="account.notices.save"/></button></p>
            </form>
        </section>
        <section class="apart" aria-labelledby="logout">
            <h2 id="logout"><m:t k="frame.menu.logout"/></h2>
            <div class="apart-row">
                <p><m:t k="account.logout.text"/></p>
                <form method="post" action="/logout">
                    <xsl:call-template name="csrf"/>
                    <button type="submit"><m:t k="frame.menu.logout"/></button>
                </form>
            </div>
        </section>
    </xsl:template>

    <xsl:template match="attribute">
        <tr>
            <th scope="row"><xsl:value-of select="@name"/><span class="sub mono"><xsl:value-of select="@oid"/></span></th>
            <td m:data-label="account.value">
                <xsl:choose>
                    <xsl:when test="value"><xsl:for-each select="value"><span class="value"><xsl:value-of select="."/></span></xsl:for-each></xsl:when>
                    <xsl:otherwise><span class="hint"><m:t k="account.not-sent"/></span></xsl:otherwise>
                </xsl:choose>
            </td>
            <td m:data-label="account.use">
                <xsl:choose>
                    <xsl:when test="@use != '' and i:has('use.', @use)"><xsl:value-of select="i:message('use.', @use)"/></xsl:when>
                    <xsl:otherwise><span class="hint"><m:t k="use.none"/></span></xsl:otherwise>
                </xsl:choose>
            </td>
        </tr>
    </xsl:template>

    <!-- A login that was refused. Until the message of the IdP is verified there is one face for every reason. -->
    <xsl:template match="login-refused" mode="title"><m:t k="login.{@why}.title"/></xsl:template>
    <xsl:template match="login-refused" mode="main">
        <h1><m:t k="login.{@why}.title"/></h1>
        <p class="lead">
            <m:t k="login.{@why}.text"><m:with name="idp"><strong><xsl:value-of select="i:name(idp)"/></strong></m:with></m:t>
        </p>
        <xsl:if test="missing">
            <ul class="missing">
                <xsl:for-each select="missing">
                    <li class="card">
                        <p><strong><xsl:if test="i:has('attribute.', @name)"><xsl:value-of select="i:message('attribute.', @name)"/><xsl:text> </xsl:text></xsl:if><code><xsl:value-of select="@name"/></code></strong></p>
                        <p><m:t k="login.missing.{@rule}"/></p>
                        <p class="hint mono"><xsl:value-of select="@oid"/></p>
                    </li>
                </xsl:for-each>
            </ul>
        </xsl:if>
        <xsl:choose>
            <xsl:when test="@why = 'generic'">
                <ul>
                    <li><m:t k="login.generic.again"/></li>
                    <li><m:t k="login.generic.one-tab"/></li>
                    <li><m:t k="login.generic.ask"/></li>
                </ul>
                <p class="actions"><a class="button main" href="/login"><m:t k="login.again"/></a></p>
            </xsl:when>
            <xsl:otherwise>
                <section aria-labelledby="who">
                    <h2 id="who"><m:t k="login.who"/></h2>
                    <p>
                        <xsl:choose>
                            <xsl:when test="@why = 'institution'"><m:t k="login.who.institution"/></xsl:when>
                            <xsl:when test="idp/@contact-mail != ''">
                                <m:t k="login.who.contact">
                                    <m:with name="name"><xsl:value-of select="idp/@contact-name"/></m:with>
                                    <m:with name="mail"><a href="mailto:{idp/@contact-mail}"><xsl:value-of select="idp/@contact-mail"/></a></m:with>
                                </m:t>
                            </xsl:when>
                            <xsl:otherwise><m:t k="login.who.unknown"><m:with name="idp"><xsl:value-of select="i:name(idp)"/></m:with></m:t></xsl:otherwise>
                        </xsl:choose>
                    </p>
                </section>
                <xsl:if test="missing"><xsl:call-template name="forward"/></xsl:if>
                <xsl:if test="received">
                    <details>
                        <summary><m:t k="login.received"/></summary>
                        <ul><xsl:for-each select="received"><li><code><xsl:value-of select="@name"/></code><xsl:text> </xsl:text><span class="hint mono"><xsl:value-of select="@oid"/></span></li></xsl:for-each></ul>
                    </details>
                </xsl:if>
                <p class="actions"><a class="button" href="/discovery"><m:t k="login.other-idp"/></a></p>
            </xsl:otherwise>
        </xsl:choose>
        <xsl:call-template name="ask-desk"/>
    </xsl:template>

    <!-- The text to forward stands in both languages, whichever the page is in. -->
    <xsl:template name="forward">
        <section aria-labelledby="forward">
            <h2 id="forward"><m:t k="login.forward"/></h2>
            <p class="hint"><m:t k="login.forward.hint"/></p>
            <pre class="letter" id="forward-text" tabindex="0" m:aria-label="login.forward">
                <xsl:text>&#10;</xsl:text>
                <m:t k="letter.dear" idp="i:name(idp)"/><xsl:text>&#10;&#10;</xsl:text>
                <m:t k="letter.1"/><xsl:text>&#10;&#10;</xsl:text>
                <xsl:for-each select="missing">
                    <xsl:apply-templates select="." mode="letter"/><m:t k="letter.rule.{@rule}"/><xsl:text>&#10;</xsl:text>
                </xsl:for-each>
                <xsl:call-template name="forward-ids"/>
                <m:t k="letter.2" service="$frame/service/@name"/><xsl:text>&#10;&#10;----&#10;&#10;</xsl:text>
                <m:t k="letter.dear" in="other" idp="idp/@name"/><xsl:text>&#10;&#10;</xsl:text>
                <m:t k="letter.1" in="other"/><xsl:text>&#10;&#10;</xsl:text>
                <xsl:for-each select="missing">
                    <xsl:apply-templates select="." mode="letter"/><m:t k="letter.rule.{@rule}" in="other"/><xsl:text>&#10;</xsl:text>
                </xsl:for-each>
                <xsl:call-template name="forward-ids"/>
                <m:t k="letter.2" in="other" service="$frame/service/@name"/><xsl:text>&#10;</xsl:text>
            </pre>
            <p><xsl:call-template name="copy"><xsl:with-param name="id">forward-text</xsl:with-param></xsl:call-template></p>
        </section>
    </xsl:template>

    <xsl:template match="missing" mode="letter">
        <xsl:text>  </xsl:text><xsl:value-of select="@name"/><xsl:text> (</xsl:text><xsl:value-of select="@oid"/><xsl:text>): </xsl:text>
    </xsl:template>

    <xsl:template name="forward-ids">
        <xsl:text>&#10;  IdP: </xsl:text><xsl:value-of select="idp/@entity"/>
        <xsl:text>&#10;  SP:  </xsl:text><xsl:value-of select="sp/@entity"/>
        <xsl:text>&#10;  ID:  </xsl:text><xsl:value-of select="$frame/@request-id"/>
        <xsl:text>&#10;  </xsl:text><xsl:value-of select="$now"/>
        <xsl:text>&#10;&#10;</xsl:text>
    </xsl:template>

    <!-- Logged out here; where the IdP takes part the page goes on to it by itself. -->
    <xsl:template match="logged-out" mode="title"><m:t k="logout.title"/></xsl:template>
    <xsl:template match="logged-out" mode="head">
        <xsl:if test="continue[starts-with(@href, 'https://') or starts-with(@href, 'http://')]">
            <meta http-equiv="refresh" content="0;url={continue/@href}"/>
        </xsl:if>
    </xsl:template>
    <xsl:template match="logged-out" mode="main">
        <h1><m:t k="logout.title"/></h1>
        <xsl:choose>
            <xsl:when test="continue[starts-with(@href, 'https://') or starts-with(@href, 'http://')]">
                <p class="lead" role="status"><m:t k="logout.going-on" idp="i:name(continue)"/></p>
                <p class="actions"><a class="button main" href="{continue/@href}"><m:t k="logout.go-on"/></a></p>
            </xsl:when>
            <xsl:when test="continue/form">
                <p class="lead" role="status"><m:t k="logout.going-on" idp="i:name(continue)"/></p>
                <xsl:apply-templates select="continue/form" mode="carried"/>
            </xsl:when>
            <xsl:when test="@partial">
                <p class="lead"><m:t k="logout.partial"/></p>
                <p class="actions"><a class="button" href="/"><m:t k="back.front"/></a></p>
            </xsl:when>
            <xsl:otherwise>
                <p class="lead"><m:t k="logout.done"/></p>
                <p class="actions"><a class="button" href="/"><m:t k="back.front"/></a></p>
            </xsl:otherwise>
        </xsl:choose>
    </xsl:template>

    <!-- A message that the browser carries to an IdP by POST. -->
    <xsl:template match="pass-on" mode="title"><m:t k="pass-on.title"/></xsl:template>
    <xsl:template match="pass-on" mode="main">
        <h1><m:t k="pass-on.title"/></h1>
        <p class="lead"><m:t k="pass-on.text"/></p>
        <xsl:apply-templates select="form" mode="carried"/>
    </xsl:template>
    <xsl:template match="form" mode="carried"/>
    <xsl:template match="form[starts-with(@action, 'https://') or starts-with(@action, 'http://')]" mode="carried">
        <form method="post" action="{@action}" data-submit="now">
            <xsl:for-each select="field"><input type="hidden" name="{@name}" value="{@value}"/></xsl:for-each>
            <p class="actions"><button type="submit" class="main"><m:t k="next"/></button></p>
        </form>
    </xsl:template>
</xsl:stylesheet>
